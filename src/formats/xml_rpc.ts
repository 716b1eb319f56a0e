/** Answers of XML-RPC. Source: http://xmlrpc.com/spec.md */

import { badData } from "../core/errors.ts";
import { unescaped } from "./xml.ts";

const MEMBER =
  /<member>\s*<name>([^<]*)<\/name>\s*<value>\s*(?:<\w+>([^<]*)<\/\w+>|([^<]*))\s*(?:<\w+\/>)?\s*<\/value>\s*<\/member>/g;
/**
 * Parses a list of structures, with values as text. Throws `bad-data` for a fault, and if the body is not an
 * answer.
 */
export function structsIn(body: string): Record<string, string>[] {
  const fault = /<fault>[^]*?<string>([^<]*)/.exec(body);
  if (fault !== null) throw badData(`the server says: ${unescaped(fault[1])}`);
  if (!body.includes("<methodResponse>")) throw badData("the answer is not XML-RPC");
  return [...body.matchAll(/<struct>([^]*?)<\/struct>/g)].map(([, members]) =>
    Object.fromEntries(
      [...members.matchAll(MEMBER)].map(([, name, typed, plain]) => [
        unescaped(name),
        unescaped(typed ?? plain ?? ""),
      ]),
    )
  );
}
