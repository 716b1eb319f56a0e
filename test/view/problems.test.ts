/** Who is at fault for a line of `degraded`: the page and `top` say the same. */

import { deepEqual } from "node:assert/strict";
import { describe, it } from "node:test";
import type { Status } from "../../src/agent/status.ts";
import { problemsOf } from "../../src/view/problems.ts";

const part = (name: string, more: object = {}) => ({
  name,
  error: { message: `${name} it is`, advice: "do", first: 5, last: 9, count: 1 },
  ...more,
});

function aboutOf(degraded: readonly string[], handlers: object[], collectors: object[] = []) {
  const status = { degraded, handlers, collectors } as unknown as Status;
  return problemsOf(status).map(({ about }) => about);
}

describe("a problem is of", () => {
  it("the part with the longest name that the line begins with", () => {
    const parts = [part("HttpCollector"), part("HttpCollector web"), part("Http")];
    deepEqual(aboutOf(["HttpCollector web fails", "HttpCollector has no data"], [], parts), [
      "HttpCollector web",
      "HttpCollector",
    ]);
  });

  it("a part whose name ends there, whatever follows", () => {
    const parts = [part("GraphiteHandler"), part("GraphiteHandler 10.0.0.1")];
    const lines = [
      "GraphiteHandler: the spool is full",
      "GraphiteHandler 10.0.0.10 fails",
      "GraphiteHandler.x fails",
      "GraphiteHandler",
    ];
    deepEqual(aboutOf(lines, parts), [
      "GraphiteHandler",
      "GraphiteHandler",
      undefined,
      "GraphiteHandler",
    ]);
  });

  it("the agent where it names no part", () => {
    deepEqual(aboutOf(["memory is over max_memory"], [part("NullHandler")]), [undefined]);
  });

  it("known with its cause: the error, that of the spool, or why there is nothing", () => {
    const spoolError = {
      message: "the disk is full",
      advice: "free some",
      first: 7,
      last: 8,
      count: 1,
    };
    const status = {
      degraded: ["A fails", "B has no room", "C has no data"],
      handlers: [part("A"), { name: "B", spoolError }],
      collectors: [{ name: "C", absent: "no such file" }],
    } as unknown as Status;
    deepEqual(problemsOf(status).map(({ message, since }) => [message, since]), [
      ["A it is", 5],
      ["the disk is full", 7],
      ["no such file", undefined],
    ]);
  });
});
