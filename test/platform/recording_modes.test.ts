import { equal, throws } from "node:assert/strict";
import { readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import { writePieces } from "../../src/platform/fs/local_files.ts";
import { writeOwn } from "../../src/platform/recording_host.ts";
import { describeWith } from "../harness/describe_with.ts";
import { temporary } from "../harness/agent_process.ts";

const { path: directory, remove } = temporary();
after(remove);
const modeOf = (file: string) => statSync(file).mode & 0o777;

describeWith("what a command keeps", process.platform === "win32" ? "no modes here" : false, () => {
  it("of a recording is its owner's alone, and follows no link", () => {
    const file = join(directory, "shadow");
    writeOwn(file, "root:x");
    equal(modeOf(file), 0o600);
    const victim = join(directory, "victim");
    writeFileSync(victim, "precious");
    const link = join(directory, "link");
    symlinkSync(victim, link);
    throws(() => writeOwn(link, "over"), { code: "ELOOP" });
    equal(readFileSync(victim, "utf8"), "precious");
  });

  it("of an image is its owner's alone", async () => {
    const file = join(directory, "image");
    await writePieces(file, [new TextEncoder().encode("secret")]);
    equal(modeOf(file), 0o600);
  });
});
