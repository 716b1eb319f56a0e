/** A URL as messages show it: without login and query, which may have secrets. */

export function shownUrl(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/?#]*@/, "$1").replace(/[?#].*$/s, "");
}
