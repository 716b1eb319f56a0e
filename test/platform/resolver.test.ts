import { deepEqual, equal, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, createLookup } from "../../src/platform/net/resolver.ts";

const one: Address[] = [{ address: "192.0.2.1", family: 4 }];
const silent = () => new Promise<Address[]>(() => {});

describe("names", () => {
  it("are asked for once at a time", async () => {
    let questions = 0;
    let answer: (addresses: Address[]) => void = () => {};
    const lookup = createLookup(() => {
      questions++;
      return new Promise((resolve) => (answer = resolve));
    });
    const both = Promise.all([lookup("a", 0), lookup("a", 0)]);
    equal(questions, 1);
    answer(one);
    deepEqual(await both, [one, one]);
  });

  it("keep their last address while the resolver is silent", async () => {
    let isSilent = false;
    const lookup = createLookup(() => isSilent ? silent() : Promise.resolve(one), 10);
    await lookup("a", 0);
    isSilent = true;
    deepEqual(await lookup("a", 0), one);
    deepEqual(await lookup("a", 0), one);
  });

  it("lose it where the resolver says that it is wrong", async () => {
    let answer = () => Promise.resolve(one);
    const lookup = createLookup(() => answer(), 10);
    await lookup("a", 0);
    answer = () => Promise.reject(new Error("ENOTFOUND"));
    await rejects(lookup("a", 0), /ENOTFOUND/);
    answer = silent;
    const winner = await Promise.race([
      lookup("a", 0),
      new Promise((done) => setTimeout(() => done("nothing"), 50)),
    ]);
    equal(winner, "nothing");
  });
});
