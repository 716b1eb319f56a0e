/**
 * `memory = plain`: the runtime as it comes. No settings for it, no foreign functions, no advice to the
 * kernel, so that a crash in the field can be traced to either side.
 */

import process from "node:process";

export const MODE_VARIABLE = "DIAMOND_MEMORY";

export const isPlain = process.env[MODE_VARIABLE] === "plain";
