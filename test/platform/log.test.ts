import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createSocket } from "node:dgram";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { evaluated } from "../harness/evaluated.ts";
import type { Rotation } from "../../src/ports/fs.ts";
import { levels } from "../../src/formats/log_record.ts";
import { openAppender } from "../../src/platform/log/appender.ts";
import { localZone } from "../../src/platform/log/local_zone.ts";
import { openLog } from "../../src/platform/log/log.ts";

const isBun = process.versions.bun !== undefined;
const directory = mkdtempSync(join(tmpdir(), "diamond-platform-"));
after(() => rmSync(directory, { recursive: true }));
const rotation: Rotation = {
  when: "NEVER",
  interval: 1,
  keep: 0,
  maxBytes: 0,
  gzip: false,
  utc: true,
  watch: false,
};
const until = async (what: string, holds: () => boolean) => {
  for (let turn = 0; turn < 400 && !holds(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  ok(holds(), what);
};

describe("appended files", () => {
  it("rotate by size and keep so many", () => {
    const path = join(directory, "by-size", "x.log");
    const file = openAppender(path, { ...rotation, when: "SIZE", maxBytes: 10, keep: 2 });
    for (const text of ["aaaaaaa\n", "bbbbbbb\n", "ccccccc\n", "ddddddd\n"]) file.append(text);
    file.close();
    deepEqual(readdirSync(join(directory, "by-size")).sort(), ["x.log", "x.log.1", "x.log.2"]);
    equal(readFileSync(path, "utf8") + readFileSync(`${path}.1`, "utf8"), "ddddddd\nccccccc\n");
  });

  it("rotate by time, from the time of the file that is there, and keep so many", () => {
    const folder = join(directory, "by-time");
    mkdirSync(folder);
    const path = join(folder, "x.log");
    for (const day of ["01", "02", "03"]) writeFileSync(`${path}.2020-01-${day}`, "");
    writeFileSync(path, "old\n");
    utimesSync(path, new Date("2020-01-10T12:00:00Z"), new Date("2020-01-10T12:00:00Z"));
    const file = openAppender(path, { ...rotation, when: "MIDNIGHT", keep: 2 });
    file.append("new\n");
    file.close();
    deepEqual(readdirSync(folder).sort(), ["x.log", "x.log.2020-01-03", "x.log.2020-01-10"]);
    equal(readFileSync(`${path}.2020-01-10`, "utf8"), "old\n");
    equal(readFileSync(path, "utf8"), "new\n");
  });

  it("compress what is put aside", async () => {
    const path = join(directory, "gz", "x.log");
    const file = openAppender(path, {
      ...rotation,
      when: "SIZE",
      maxBytes: 10,
      keep: 3,
      gzip: true,
    });
    file.append("aaaaaaaaa\n");
    file.append("bbbbbbbbb\n");
    await until(
      "the old file is compressed",
      () => existsSync(`${path}.1.gz`) && !existsSync(`${path}.1`),
    );
    file.close();
    deepEqual([...readFileSync(`${path}.1.gz`).subarray(0, 2)], [0x1f, 0x8b]);
  });

  it("follow a file that somebody moved away", async () => {
    const path = join(directory, "watched.log");
    const file = openAppender(path, { ...rotation, watch: true });
    file.append("one\n");
    renameSync(path, `${path}.old`);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    file.append("two\n");
    file.close();
    equal(readFileSync(path, "utf8"), "two\n");
  });

  it("go on in the old file where the new one cannot be opened", async () => {
    const path = join(directory, "replaced.log");
    const file = openAppender(path, { ...rotation, watch: true });
    file.append("one\n");
    renameSync(path, `${path}.old`);
    mkdirSync(path);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    throws(() => file.append("two\n"), /cannot write ".*replaced.log"/);
    file.append("two\n");
    file.close();
    equal(readFileSync(`${path}.old`, "utf8"), "one\ntwo\n");
  });

  it("say which file cannot be written", () => {
    throws(
      () => openAppender(join(directory, "watched.log", "x"), rotation),
      /cannot write ".*watched.log\/x"/,
    );
  });

  it("take back half a text on a full disk", { skip: !existsSync("/dev/full") }, () => {
    const file = openAppender("/dev/full", rotation);
    throws(() => file.append("x\n"), /ENOSPC|No space/);
    file.close();
  });
});

describe("the log", () => {
  const output = { level: levels.INFO, format: "%(levelname)s %(message)s", datefmt: "" };
  it("goes by level to each output", () => {
    const path = join(directory, "agent.log");
    const log = openLog({
      plan: { level: levels.INFO, outputs: [{ ...output, to: { kind: "file", path, rotation } }] },
      toStdout: false,
      complain: () => {},
    });
    log.debug("no");
    log.info("yes");
    log.error("bad", new Error("cause"));
    log.close();
    equal(readFileSync(path, "utf8"), "INFO yes\nERROR bad\n");
  });

  it("that cannot be opened is complained of, and goes on elsewhere", () => {
    const told: string[] = [];
    const path = join(directory, "agent.log", "below");
    const log = openLog({
      plan: { level: levels.ERROR, outputs: [{ ...output, to: { kind: "file", path, rotation } }] },
      toStdout: false,
      complain: (line) => told.push(line),
    });
    log.close();
    match(told.join(), /cannot write ".*below".*the log goes to stderr/);
  });

  it("goes to a syslog host, with its priority", async () => {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const got: string[] = [];
    socket.on("message", (message) => got.push(message.toString()));
    const to = {
      kind: "syslog",
      address: ["127.0.0.1", socket.address().port],
      facility: 3,
    } as const;
    const log = openLog({
      plan: { level: levels.INFO, outputs: [{ ...output, to }] },
      toStdout: false,
      complain: () => {},
    });
    log.warn("careful");
    await until("the record arrives", () => got.length > 0);
    deepEqual(got, [`<28>diamond[${process.pid}]: WARNING careful`]);
    log.close();
    socket.close();
  });

  it("on a full disk is complained of once", { skip: !existsSync("/dev/full") }, () => {
    const told: string[] = [];
    const log = openLog({
      plan: {
        level: levels.INFO,
        outputs: [{ ...output, to: { kind: "file", path: "/dev/full", rotation } }],
      },
      toStdout: false,
      complain: (line) => told.push(line),
    });
    for (let line = 0; line < 5; line++) log.info("x");
    equal(told.length, 1);
  });
});

describe("the local time", () => {
  const [winter, summer] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 6, 1)];
  const offsets = (zone: string) => {
    const program = `
      const { localZone } = await import("${import.meta.dirname}/../../src/platform/log/local_zone.ts");
      console.log(localZone(${winter}), localZone(${summer}));`;
    return evaluated(program, { TZ: zone }).trim();
  };

  it("is that of TZ", () => {
    equal(offsets("UTC"), "0 0");
    // Of a zone by its rules the C library knows, and of one by its name the runtime: the files may not be there.
    if (isBun && process.platform === "linux") {
      equal(offsets("CET-1CEST,M3.5.0,M10.5.0/3"), "60 120");
      equal(offsets("NST3:30"), "-210 -210");
    } else {
      equal(offsets("Europe/Berlin"), "60 120");
      equal(offsets("America/St_Johns"), "-210 -150");
    }
  });

  it("is what the runtime says, where that has been asked", () => {
    for (let time = winter; time < summer; time += 7 * 86_400_000) {
      equal(localZone(time), 0 - new Date(time).getTimezoneOffset());
    }
  });
});
