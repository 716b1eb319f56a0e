/** Writes Whisper files, as carbon does: big-endian, header, archives, points. */

export function whisperFile(
  points: readonly (readonly [seconds: number, value: number])[],
): Uint8Array {
  const [places, step] = [60, 10];
  const bytes = new Uint8Array(16 + 2 * 12 + (places + 5) * 12);
  const view = new DataView(bytes.buffer);
  const words = (at: number, ...values: number[]) =>
    values.forEach((value, index) => view.setUint32(at + 4 * index, value));
  words(0, 1, 3600);
  view.setFloat32(8, 0.5);
  words(12, 2, 40, step, places, 40 + places * 12, 60, 5);
  for (const [seconds, value] of points) {
    const at = 40 + (Math.floor(seconds / step) % places) * 12;
    view.setUint32(at, seconds - seconds % step);
    view.setFloat64(at + 4, value);
  }
  return bytes;
}
