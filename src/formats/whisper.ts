/**
 * Whisper, the files of Graphite's database: one file for each series, with archives of falling resolution. Only read.
 * Source: https://graphite.readthedocs.io/en/latest/whisper.html#database-format
 */

import { badData } from "../core/errors.ts";

interface WhisperPoint {
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly value: number;
}

const HEADER_BYTES = 16;
const ARCHIVE_BYTES = 12;
const POINT_BYTES = 12;
/** Real files have a handful. */
const MAX_ARCHIVES = 64;

/** The points of the finest archive that are not older, by time. Throws `bad-data` where it is another kind of file. */
export function whisperPoints(bytes: Uint8Array, since: number): WhisperPoint[] {
  const { offset, points } = finestArchive(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: WhisperPoint[] = [];
  for (let at = offset; at < offset + points * POINT_BYTES; at += POINT_BYTES) {
    const timestamp = view.getUint32(at);
    // A place that was never written has the time 0; one of an earlier turn is older.
    if (timestamp >= since && timestamp > 0) {
      found.push({ timestamp, value: view.getFloat64(at + 4) });
    }
  }
  return found.sort((a, b) => a.timestamp - b.timestamp);
}

function finestArchive(bytes: Uint8Array): { readonly offset: number; readonly points: number } {
  if (bytes.length < HEADER_BYTES) throw badData("it has no header of a Whisper file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(12);
  const isHeader = count > 0 && count <= MAX_ARCHIVES &&
    bytes.length >= HEADER_BYTES + count * ARCHIVE_BYTES;
  if (!isHeader) throw badData("it has no header of a Whisper file");
  const [offset, seconds, points] = [0, 4, 8].map((at) => view.getUint32(HEADER_BYTES + at));
  if (seconds === 0 || offset + points * POINT_BYTES > bytes.length) {
    throw badData("its archives are longer than the file");
  }
  return { offset, points };
}
