/** Texts that are kept for long. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The same text with memory of its own: a part of a longer text would keep all of that. */
export function ownText(text: string): string {
  return decoder.decode(encoder.encode(text));
}
