import { deepEqual } from "node:assert/strict";
import { it } from "node:test";
import { handlerProblems, handlerThatIsOff } from "../../src/agent/handler_status.ts";
import { createLosses } from "../../src/agent/losses.ts";

it("a handler that is behind says how much waits, and since when", () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5);
  const handler = {
    ...handlerThatIsOff("GraphiteHandler"),
    state: "waiting",
    queued: 7,
    spooled: 5,
  } as const;
  const problems = (behind: number) =>
    handlerProblems({ ...handler, behind }, createLosses(() => now), now);
  deepEqual(problems(59), []);
  deepEqual(problems(65), [
    "GraphiteHandler still delivers what had to wait: 12 metrics, the oldest of 2026-01-02 03:03:00 UTC",
  ]);
});
