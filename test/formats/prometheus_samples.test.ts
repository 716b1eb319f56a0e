/** Prometheus' text format from exporters that are broken or hostile. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { it } from "node:test";
import { piecesOf, readSamples, type Sample } from "../../src/formats/prometheus_samples.ts";

/** Names and values, and of lines that cannot be read how long they are. */
function read(text: string): (string | number)[] {
  const found: (string | number)[] = [];
  readSamples(
    text,
    ({ name, value }) => found.push(`${name} ${value}`),
    (line) => found.push(line.length),
  );
  return found;
}

it("costs a line that is too long itself, and keeps its begin alone", () => {
  const long = `a{b="${"x".repeat(8_000_000)}"} 1`;
  deepEqual(read(`b 1\n${long}\n\r\n c 2\r\n${long}`), ["b 1", 65_536, "c 2", 65_536]);
  deepEqual(read(`a{b="${"x".repeat(60_000)}"} 1`), ["a 1"]);
  deepEqual(read("\n".repeat(1_000_000)), []);
});

it("is read in pieces of its lines, in which types go on", () => {
  const text = `# TYPE a counter\n${"b 1\n".repeat(400_000)}a 2`;
  const pieces = [...piecesOf(text)];
  equal(pieces.join(""), text);
  ok(pieces.length > 2 && pieces.slice(0, -1).every((piece) => piece.endsWith("\n")));
  const types = new Map<string, string>();
  const counters: string[] = [];
  const take = ({ name, isCounter }: Sample) => void (isCounter && counters.push(name));
  for (const piece of pieces) readSamples(piece, take, ok, types);
  deepEqual(counters, ["a"]);
});
