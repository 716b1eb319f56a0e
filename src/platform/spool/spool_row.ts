/** The text of a row, which is kept as gzip. */

import { zlib } from "../runtime/node_modules.ts";

/** Two thousand points have a hundredth of it: what unpacks to more is not ours. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Throws where it is damaged. */
export function unpackRow(data: Uint8Array): string {
  return zlib().gunzipSync(data, { maxOutputLength: MAX_BYTES }).toString("utf8");
}
