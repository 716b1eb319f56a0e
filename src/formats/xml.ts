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

/** What is passed over, from mark to mark. */
const ASIDES: readonly (readonly [begin: string, end: string])[] = [
  ["<!--", "-->"],
  ["<?", "?>"],
  ["<!DOCTYPE", ">"],
];
const CDATA = "<![CDATA[";
const TAG = /^<(\/?)([^\s<>/!?]+)((?:\s+[^\s<>=/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/;
/** Characters of a tag: an attribute of MX4J has a whole table. */
const MAX_TAG = 1_048_576;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES = new Map([["lt", "<"], ["gt", ">"], ["amp", "&"], ["quot", '"'], ["apos", "'"]]);
/** Nothing that a daemon says is deeper. */
const MAX_DEPTH = 100;
const MAX_CODE_POINT = 0x10ffff;

/**
 * Returns the root. Elements called `flat` are kept without what is in them: there may be many. Throws `bad-data`
 * that names the source where it is not well-formed, or breaks off.
 */
export function parseXml(xml: string, source: string, flat = ""): XmlElement {
  const open: OpenElement[] = [created("", "")];
  const broken = (why: string) => badData(`${source} does not answer with XML: ${why}`);
  const endOf = (mark: string, from: number) => {
    const at = xml.indexOf(mark, from);
    if (at < 0) throw broken("it breaks off");
    return at + mark.length;
  };
  for (let at = 0; at < xml.length;) {
    const parent = open.at(-1)!;
    const begin = xml.indexOf("<", at);
    parent.text += unescaped(xml.slice(at, begin < 0 ? xml.length : begin));
    if (begin < 0) break;
    const aside = ASIDES.find(([mark]) => xml.startsWith(mark, begin));
    if (aside !== undefined) {
      at = endOf(aside[1], begin + aside[0].length);
      if (xml.slice(begin, at).includes("[") && aside[0] === "<!DOCTYPE") {
        throw broken("it declares entities");
      }
    } else if (xml.startsWith(CDATA, begin)) {
      at = endOf("]]>", begin);
      parent.text += xml.slice(begin + CDATA.length, at - "]]>".length);
    } else {
      const [tag, close, name, attributes, empty] = TAG.exec(xml.slice(begin, begin + MAX_TAG)) ??
        [];
      if (tag === undefined) {
        endOf(">", begin);
        throw broken("there is a < that begins nothing");
      }
      at = begin + tag.length;
      if (close !== "" && (open.length < 2 || parent.name !== name)) {
        throw broken(`</${name}> ends nothing`);
      }
      if (close !== "") open.pop();
      else if (open.length > MAX_DEPTH) throw broken("it is nested too deep");
      else {
        const element = created(name, attributes);
        parent.children.push(element);
        if (empty !== "") continue;
        if (name === flat) at = endOf(`</${flat}>`, at);
        else open.push(element);
      }
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

const NONE: ReadonlyMap<string, string> = new Map();

function created(name: string, attributes: string): OpenElement {
  if (attributes === "") return { name, attributes: NONE, children: [], text: "" };
  const pairs = [...attributes.matchAll(ATTRIBUTE)].map((
    [, key, double, single],
  ) => [key, unescaped(double ?? single)] as const);
  return { name, attributes: new Map(pairs), children: [], text: "" };
}

/** An entity that is not known stays as it is. */
export function unescaped(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES.get(name) ?? all;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= MAX_CODE_POINT ? String.fromCodePoint(code) : all;
  });
}
