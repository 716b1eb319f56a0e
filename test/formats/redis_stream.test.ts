import { equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { noteKey, todoFor } from "../../src/formats/redis_stream.ts";

describe("a stream of Redis", () => {
  it("has its note on the same server of a cluster: the key's slot is the stream's", () => {
    equal(noteKey("metrics", "web1"), "{metrics}:from:web1");
    equal(noteKey("metrics:{eu}", "web{1}"), "metrics:{eu}:from:web{1}");
  });

  it("says what to do about an error, by its word, also where it comes out of a script", () => {
    const moved = "10.0.0.1:6379 says: MOVED 3999 10.0.0.2:6379";
    equal(
      todoFor(moved, "m"),
      "another server of the cluster has this stream: name that one in host",
    );
    const inScript = "10.0.0.1:6379 says: ERR Error running script: @user_script:5: WRONGTYPE Oper";
    equal(todoFor(inScript, "m"), 'there is something else in "m": name another stream');
    equal(todoFor("10.0.0.1:6379 says: LOADING Redis is loading the dataset", "m"), "");
  });
});
