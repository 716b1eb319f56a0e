import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { collectors } from "../../src/collectors/registry.ts";
import { resolveSettings } from "../../src/config/resolve.ts";
import { firstConfiguration } from "../../src/daemon/configuration.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { memoryFiles } from "../harness/memory_files.ts";

const SERVER = "[server]\nhandlers = NullHandler\n[collectors]\n";
const SOUND = `${SERVER}[[default]]\ninterval = 10\n[[UptimeCollector]]\nenabled = True\n`;

async function configuration(text = SOUND) {
  const texts: Record<string, string> = { "d.conf": text };
  const files = memoryFiles(texts);
  const catalogue = { collectors, handlers };
  let now = 1000;
  const made = await firstConfiguration({
    path: "d.conf",
    files,
    now: () => now,
    resolve: ({ plugins: _, ...how }) =>
      resolveSettings({ path: "d.conf", files, catalogue, ...how }),
  });
  const reload = () => made.reload((next) => Promise.resolve(next.collectors.length));
  return { made, reload, texts, pass: (ms: number) => void (now += ms) };
}

describe("the configuration", () => {
  it("with an error is refused as a whole, and degraded until the one on disk is right", async () => {
    const { made, reload, texts, pass } = await configuration();
    equal(made.status().onDisk, undefined);
    const more = "[[CPUCollector]]\nenabled = True\n";
    texts["d.conf"] = SOUND.replace("= 10", "= 2s") + more;
    pass(5);
    await rejects(reload(), (error: Error) => {
      match(error.message, /^d\.conf:5: error: interval of \[\[UptimeCollector\]\]: .*2s/);
      match(error.message, /\nd\.conf:5: error: interval of \[\[CPUCollector\]\]/);
      return true;
    });
    equal(made.settings.collectors.length, 1);
    pass(5000);
    const { onDisk, inForceSince } = made.status();
    deepEqual([onDisk!.since, onDisk!.problems.length, inForceSince], [1005, 3, 1000]);
    texts["d.conf"] = SOUND;
    equal(made.status().onDisk, undefined, "the old lines are in force");
    texts["d.conf"] = SOUND + more;
    equal(made.status().onDisk!.problems.length, 0, "right, and not taken over yet");
    equal(await reload(), 2);
    deepEqual([made.status().onDisk, made.status().inForceSince], [undefined, 6005]);
  });

  it("that changes while it is taken over has changed", async () => {
    const { made, reload, texts } = await configuration();
    equal(made.version(), made.readVersion);
    texts["d.conf"] = `${SOUND}[[CPUCollector]]\nenabled = True\n`;
    equal(made.version() === made.readVersion, false);
    await made.reload((next) => {
      texts["d.conf"] = `${SOUND}# as it was\n`;
      return Promise.resolve(next);
    });
    equal(made.settings.collectors.length, 2);
    equal(made.version() === made.readVersion, false, "so it is read again");
    await reload();
    deepEqual([made.settings.collectors.length, made.version()], [1, made.readVersion]);
  });

  for (
    const [what, text] of [
      ["a line that cannot be read", `${SOUND}oops\n`],
      ["a header that is not closed", `${SOUND}[[CPUCollector\nenabled = True\n`],
      ["a collector that is not there", `${SOUND}[[CPUColector]]\nenabled = True\n`],
      ["an option that is not there", `${SOUND}intervall = 3\n`],
      ["a handler that is not there", SOUND.replace("NullHandler", "NullHandler, NulHandler")],
      ["a value of [server]", SOUND.replace("[collectors]", "max_memory = lots\n[collectors]")],
      ["nothing enabled", SOUND.replace("True", "False")],
      ["no handler", SOUND.replace("NullHandler", "")],
      ["nothing at all", ""],
    ] as const
  ) {
    it(`with ${what} is refused`, async () => {
      const { made, reload, texts } = await configuration();
      texts["d.conf"] = text;
      await rejects(reload(), /d\.conf(:\d+)?: error: /);
      equal(made.settings.collectors.length, 1);
      ok(made.status().onDisk!.problems.length > 0);
    });
  }

  it("with an old error that hurts nothing is taken over", async () => {
    const old = `${SOUND}intervall = 3\n[[SNMPNoCollector]]\nenabled = True\n`;
    const { made, reload, texts } = await configuration(old);
    deepEqual(made.status().problems, [], "nothing that is valid is missing for it");
    texts["d.conf"] = `# one more line\n${old.replace("interval = 10", "interval = 20")}`;
    equal(await reload(), 1);
    equal(made.settings.collectors[0].options.interval, 20);
  });

  it("at the start runs what is valid, and says what is wrong", async () => {
    const { made } = await configuration(
      `${SOUND}[[CPUCollector]]\nenabled = True\ninterval = soon\n`,
    );
    equal(made.settings.collectors.length, 1);
    match(made.status().problems.join(), /^d\.conf:10: error: interval of \[\[CPUCollector\]\]/);
    await rejects(configuration(SOUND.replace("= 10", "= 2s")), /d\.conf:5: error: .*\n.*no coll/);
  });

  it("that the agent cannot apply stays on disk, with the reason", async () => {
    const { made, texts } = await configuration();
    texts["d.conf"] = `${SOUND}# other\n`;
    const failing = made.reload(() => Promise.reject(new Error("The host's name cannot be found")));
    await rejects(failing, /name cannot/);
    deepEqual(made.status().onDisk!.problems, ["The host's name cannot be found"]);
  });
});
