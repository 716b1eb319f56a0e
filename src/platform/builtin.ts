/**
 * Modules of the runtime's own that a run may never need, each loaded when it is used first: together they
 * take as long to load as all of ours.
 */

import process from "node:process";

export const dgram = () => process.getBuiltinModule("node:dgram");
export const dns = () => process.getBuiltinModule("node:dns/promises");
export const http = () => process.getBuiltinModule("node:http");
export const https = () => process.getBuiltinModule("node:https");
export const net = () => process.getBuiltinModule("node:net");
export const processes = () => process.getBuiltinModule("node:child_process");
export const readline = () => process.getBuiltinModule("node:readline");
export const streams = () => process.getBuiltinModule("node:stream/promises");
export const url = () => process.getBuiltinModule("node:url");
export const zlib = () => process.getBuiltinModule("node:zlib");
