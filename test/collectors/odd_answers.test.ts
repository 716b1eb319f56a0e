/** Every collector on every recorded answer of a service or a program, with one thing in it that should not be there. */

import { equal, ok } from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { singleRunner } from "../../src/agent/parts.ts";
import type { CollectorConfig } from "../../src/agent/agent_contract.ts";
import { runRecorded } from "../../src/cli/test.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { emptySettings, resolveSettings } from "../../src/config/resolve.ts";
import { codeOf } from "../../src/core/errors.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { configFiles } from "../../src/platform/fs/config_files.ts";
import { recordedHost } from "../../src/platform/recorded_host.ts";
import { silentLog } from "../../src/ports/log.ts";
import { temporary } from "../harness/agent_process.ts";

const here = import.meta.dirname!;
const catalogue = { collectors, handlers };
const { path: scratch, remove } = temporary();
after(remove);

const registry = readFileSync(join(here, "../../src/collectors/registry.ts"), "utf8");
const byFile = new Map(
  [...registry.matchAll(/(\w+): \(\) => import\(".*\/(\w+)\.ts"\)/g)].map(([, name, file]) => [file, name]),
);

/** What stands for a number, in lines and in JSON. */
const NUMBERS: Readonly<Record<string, string>> = {
  "a text": '"x"',
  "null": "null",
  "a negative number": "-7",
  "more than any number": "1e999",
  "a unit": "5MB",
};
const LINES: Readonly<Record<string, (line: string) => string>> = {
  "torn": (line) => line.slice(0, line.length / 2),
  "doubled": (line) => `${line}\n${line}`,
  "of other words": () => "such and such: as is",
  "of other bytes": () => "\u2028\u0000\ufffd 5",
};
const PLACES = 5;

/** The same text, each time with one oddity. */
function* oddTexts(text: string): Generator<[what: string, odd: string]> {
  for (let at = 0; at < PLACES; at++) {
    const end = Math.floor(text.length * at / PLACES);
    yield [`cut at ${end}`, text.slice(0, end)];
  }
  const numbers = [...text.matchAll(/(?<=[\s:=>,"])-?\d+(\.\d+)?(?=[\s,<"}\]]|$)/g)];
  for (const { 0: number, index } of everyNth(numbers)) {
    for (const [what, odd] of Object.entries(NUMBERS)) {
      yield [`${what} at ${index}`, text.slice(0, index) + odd + text.slice(index + number.length)];
    }
  }
  const lines = text.split("\n");
  for (const at of everyNth([...lines.keys()])) {
    for (const [what, change] of Object.entries(LINES)) {
      yield [`line ${at + 1} ${what}`, lines.with(at, change(lines[at])).join("\n")];
    }
  }
}

function everyNth<T>(all: readonly T[]): T[] {
  const step = Math.max(1, Math.ceil(all.length / PLACES));
  return all.filter((_, at) => at % step === 0);
}

interface Place {
  readonly text: string;
  readonly put: (odd: string) => void;
}

/** Every answer in a tape or a list of commands. */
function placesIn(node: unknown): Place[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]): Place[] => {
    const put = (odd: unknown) => ((node as Record<string, unknown>)[key] = odd);
    if (key === "stdout") return [{ text: value, put }];
    if ((key === "answer" || key === "receive") && Array.isArray(value)) {
      return [{ text: value.join("\n"), put: (odd) => put(odd.split("\n")) }];
    }
    return placesIn(value);
  });
}

async function partOf(directory: string, name: string): Promise<CollectorConfig> {
  const path = join(directory, "options.conf");
  const only = [name];
  const settings = existsSync(path)
    ? await resolveSettings({ path, files: configFiles, catalogue, only })
    : await emptySettings({ catalogue, only });
  return settings.collectors[0];
}

async function lastRun(directory: string, part: CollectorConfig) {
  const host = recordedHost(directory);
  const runner = await singleRunner(part, host, silentLog);
  const { outcomes } = await runRecorded(runner, host);
  return { ...outcomes.at(-1)!, refused: runner.record.refused };
}

for (const folder of readdirSync(here).filter((entry) => statSync(join(here, entry)).isDirectory())) {
  for (const label of readdirSync(join(here, folder))) {
    const source = join(here, folder, label);
    const last = `${recordedHost(source).rounds.at(-1)}s`;
    const files = ["asked.json", "commands.json"].filter((file) => existsSync(join(source, last, file)));
    if (files.length === 0) continue;
    it(`an odd answer costs itself: ${folder}/${label}`, async () => {
      const directory = join(scratch, `${folder}-${label}`);
      cpSync(source, directory, { recursive: true });
      const part = await partOf(directory, byFile.get(folder)!);
      const { metrics: all } = await lastRun(directory, part);
      for (const file of files) {
        const path = join(directory, last, file);
        const whole = readFileSync(path, "utf8");
        for (let at = 0; at < placesIn(JSON.parse(whole)).length; at++) {
          for (const [what, odd] of oddTexts(placesIn(JSON.parse(whole))[at].text)) {
            const answers = JSON.parse(whole);
            placesIn(answers)[at].put(odd);
            writeFileSync(path, JSON.stringify(answers));
            const { error, metrics, refused } = await lastRun(directory, part);
            const where = `${file}, answer ${at + 1}, ${what}`;
            ok(error === undefined || codeOf(error) !== undefined, `${where}: ${(error as Error)?.stack}`);
            equal(refused, 0, `${where}: a value that is no number`);
            const paths = metrics.map(({ series }) => series.path);
            equal(new Set(paths).size, paths.length, `${where}: a name comes twice`);
            // Where the answer could still be read, the rest of it is there.
            if (what.startsWith("a text at ") && error === undefined) {
              ok(
                paths.length * 2 >= all.length,
                `${where}: ${paths.length} of ${all.length} values`,
              );
            }
            for (const { series, value } of metrics) ok(Number.isFinite(Number(value)), `${where}: ${series.path}`);
          }
        }
        writeFileSync(path, whole);
      }
    });
  }
}
