/** The whole screen of a terminal, which is given back when the program fails. */

import { match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import { root, temporary, until } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";
import { noTmux, openPane } from "../harness/tmux.ts";

const { path: base, remove } = temporary();
after(remove);
const runtime = "Deno" in globalThis ? `${process.execPath} run -A --no-check` : process.execPath;

describeWith("the whole screen", noTmux, () => {
  for (
    const [what, fails] of [
      ["an error that nothing catches", 'throw new Error("boom")'],
      ["a promise that nothing catches", 'void Promise.reject(new Error("boom"))'],
    ]
  ) {
    it(`is given back after ${what}, with the error on the screen that stays`, async () => {
      const script = join(base, "fails.ts");
      writeFileSync(
        script,
        `import { screenPort } from "${root}/src/platform/terminal/full_screen.ts";
const typed = () => setTimeout(() => { ${fails}; }, 0);
screenPort.open({ typed, changed() {} }).write("drawn");
setInterval(() => {}, 1000);
`,
      );
      const pane = openPane(80, 24);
      try {
        await until("the shell is there", () => pane.screen().startsWith("$"));
        pane.type(`${runtime} ${script}; echo status $?; stty -a`);
        pane.press("Enter");
        await until("it is drawn", () => pane.isAlternate && pane.screen().includes("drawn"));
        pane.press("x");
        await until("it has ended", () => /^status 1$/m.test(pane.screen()));
        ok(!pane.isAlternate);
        match(pane.screen(), /Error: boom/);
        await until("the terminal reads lines", () => / icanon/.test(pane.screen()));
      } finally {
        pane.close();
      }
    });
  }
});
