/** Reads the XML that daemons answer with: elements, attributes, texts. Source: https://www.w3.org/TR/xml/ */

import { badData } from "../core/errors.ts";

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own text, without its children's. */
  readonly text: string;
}

interface OpenElement extends XmlElement {
  children: XmlElement[];
  text: string;
}

/** Every text is a row of these: nothing is passed over. */
const TOKEN =
  /<!--[^]*?-->|<\?[^]*?\?>|<!DOCTYPE[^[>]*>|<!\[CDATA\[(?<cdata>[^]*?)\]\]>|<(?<close>\/?)(?<name>[^\s<>/!?]+)(?<attributes>(?:\s+[^\s<>=/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(?<empty>\/?)>|(?<text>[^<]+)|(?<odd><)/g;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES = new Map([["lt", "<"], ["gt", ">"], ["amp", "&"], ["quot", '"'], ["apos", "'"]]);
/** Nothing that a daemon says is deeper. */
const MAX_DEPTH = 100;
const MAX_CODE_POINT = 0x10ffff;

/** Returns the root. Throws `bad-data` that names the source where it is not well-formed, or breaks off. */
export function parseXml(xml: string, source: string): XmlElement {
  const open: OpenElement[] = [created("", "")];
  const broken = (why: string) => badData(`${source} does not answer with XML: ${why}`);
  for (const { groups = {}, index } of xml.matchAll(TOKEN)) {
    const { cdata, close, name, attributes, empty, text, odd } = groups;
    const parent = open.at(-1)!;
    if (odd !== undefined) {
      throw broken(xml.includes(">", index) ? "there is a < that begins nothing" : "it breaks off");
    }
    if (text !== undefined) parent.text += unescaped(text);
    else if (cdata !== undefined) parent.text += cdata;
    else if (close === "/") {
      if (open.length < 2 || parent.name !== name) throw broken(`</${name}> ends nothing`);
      open.pop();
    } else if (name !== undefined) {
      if (open.length > MAX_DEPTH) throw broken("it is nested too deep");
      const element = created(name, attributes);
      parent.children.push(element);
      if (empty === "") open.push(element);
    }
  }
  const root = open[0].children[0];
  if (root === undefined) throw broken("there is nothing in it");
  if (open.length > 1) throw broken("it breaks off");
  return root;
}

/** The elements at the end of a path such as `service/memory`, below this one. */
export function elementsAt(element: XmlElement, path: string): readonly XmlElement[] {
  return path.split("/").reduce<readonly XmlElement[]>(
    (all, name) => all.flatMap(({ children }) => children.filter((child) => child.name === name)),
    [element],
  );
}

/** The text of the first one; undefined where there is none. */
export function textAt(element: XmlElement, path: string): string | undefined {
  return elementsAt(element, path)[0]?.text.trim();
}

function created(name: string, attributes: string): OpenElement {
  const pairs = [...attributes.matchAll(ATTRIBUTE)].map((
    [, key, double, single],
  ) => [key, unescaped(double ?? single)] as const);
  return { name, attributes: new Map(pairs), children: [], text: "" };
}

/** An entity that is not known stays as it is. */
export function unescaped(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES.get(name) ?? all;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= MAX_CODE_POINT ? String.fromCodePoint(code) : all;
  });
}
