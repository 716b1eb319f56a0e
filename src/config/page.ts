/** `[server] page`: where the browser page is served, and to whom. */

import { configError } from "../core/errors.ts";
import { isFalse, isTrue, type Option, text } from "../core/option.ts";
import { isLoopback } from "../formats/http_head.ts";
import { fault, type Problem } from "./problems.ts";
import type { Origins } from "./tree.ts";

/** What `page = True` and `run --page` mean. */
export const DEFAULT_PAGE = "127.0.0.1:9125";
const ADDRESS = /^(?:(\[[0-9A-Fa-f:.]+\]|[^\s:[\]/]+):)?(\d{1,5})$/;
const MAX_PORT = 65_535;
/** A shorter token could be guessed. */
const MIN_TOKEN = 16;

export interface PageSettings {
  readonly host: string;
  readonly port: number;
  /** Empty: none is asked for. */
  readonly token: string;
  /** Names under which it is asked, besides its own. */
  readonly names: readonly string[];
}

interface PageValues {
  readonly page: string;
  readonly page_token: string;
  readonly page_hosts: readonly string[];
}

/** `HOST:PORT` or a port; a word for yes is the default address, one for no is the empty text. */
export function pageOption(): Option<string> {
  const help =
    `Address of the browser page and of Graphite's read API, such as ${DEFAULT_PAGE}; empty: off`;
  return { ...text("", help), parse: (raw) => parsePage(typeof raw === "string" ? raw : "") };
}

/** Throws `config`. */
export function parsePage(raw: string): string {
  const word = raw.trim();
  if (isTrue(word)) return DEFAULT_PAGE;
  if (isFalse(word)) return "";
  const [, host = "127.0.0.1", port] = ADDRESS.exec(word) ?? [];
  if (port !== undefined && Number(port) >= 1 && Number(port) <= MAX_PORT) return `${host}:${port}`;
  throw configError(
    `"${word}" is not an address for the page: write one such as ${DEFAULT_PAGE}`,
  );
}

/** Undefined where it is off. Throws `config` where the address may not be served like that. */
export function pageSettings(values: PageValues, page = values.page): PageSettings | undefined {
  if (page === "") return undefined;
  const { page_token: token, page_hosts: names } = values;
  const colon = page.lastIndexOf(":");
  const host = page.slice(0, colon).replace(/^\[|\]$/g, "");
  if (token === "" && !isLoopback(host)) {
    throw configError(`page = ${page} can be reached from elsewhere: set page_token as well`);
  }
  if (token !== "" && token.length < MIN_TOKEN) {
    throw configError(
      `page_token has ${token.length} characters, which can be guessed: at least ${MIN_TOKEN} are needed`,
    );
  }
  return { host, port: Number(page.slice(colon + 1)), token, names };
}

export function pageProblems(values: PageValues, origins: Origins, file: string): Problem[] {
  try {
    pageSettings(values);
    return [];
  } catch (error) {
    const at = origins.get(values.page_token === "" ? "page" : "page_token") ?? { file, line: 0 };
    return [fault(at, (error as Error).message)];
  }
}
