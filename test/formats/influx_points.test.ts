import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { readLines } from "../../src/formats/influx_points.ts";
import { timesOf } from "../../src/formats/influx_write.ts";

/** Each line as one text, and each one that cannot be read with its number. */
function read(text: string): string[] {
  const found: string[] = [];
  readLines(text, ({ measurement, tags, fields, time }) => {
    const pairs = (of: readonly (readonly [string, unknown])[]) =>
      of.map(([key, value]) => `${key}=${value}`).join("|");
    found.push(`${measurement};${pairs(tags)};${pairs(fields)};${time}`);
  }, (reason, number, line) => found.push(`${number}: ${reason}: ${line}`));
  return found;
}

const reasonOf = (line: string) => read(line).join().replace(/^1: (.*): .*$/s, "$1");

describe("InfluxDB's lines", () => {
  it("have tags in the order of their keys, fields of every type, and a time or none", () => {
    deepEqual(
      read(
        'cpu,host=web1,cpu=cpu0 user=1.5,n=-2i,u=3u,on=t,off=False,note="a, b=c" 17\ncpu idle=.5e3\r\n',
      ),
      [
        "cpu;cpu=cpu0|host=web1;user=1.5|n=-2|u=3|on=1|off=0|note=undefined;17",
        "cpu;;idle=500;undefined",
      ],
    );
    for (
      const [word, value] of Object.entries({
        T: 1,
        true: 1,
        True: 1,
        TRUE: 1,
        F: 0,
        f: 0,
        false: 0,
        FALSE: 0,
      })
    ) {
      deepEqual(read(`a b=${word}`), [`a;;b=${value};undefined`]);
    }
  });

  it("may escape what separates, and keep every other backslash", () => {
    deepEqual(read(String.raw`a\ b\,c\=d,t\=1=x\,y\ z f\ 1=1,g="\"\\" 5`), [
      "a b,c=d;t=1=x,y z;f 1=1|g=undefined;5",
    ]);
    deepEqual(read(String.raw`c:\temp,d=\\x v=1`), [String.raw`c:\temp;d=\\x;v=1;undefined`]);
  });

  it("may have texts of several lines; blank lines and comments say nothing", () => {
    deepEqual(read('\n# no\n  a s="x\ny",v=1\n\nbad\nb v=1'), [
      "a;;s=undefined|v=1;undefined",
      "6: the fields are missing: bad",
      "b;;v=1;undefined",
    ]);
  });

  it("cost themselves where they cannot be read", () => {
    equal(reasonOf(",a=b c=1"), "the measurement is missing");
    equal(reasonOf("a,b c=1"), "a tag has no value");
    equal(reasonOf("a,b= c=1"), "a tag has no key or no value");
    equal(reasonOf("a"), "the fields are missing");
    equal(reasonOf("a b"), "a field has no key or no value");
    equal(reasonOf("a b="), 'the field "b" has the value ""');
    for (const value of ["x", "1x", "0x10", "1.5i", "-1u", "NaN", "inf", "1e999", "1_0"]) {
      equal(reasonOf(`a b=${value}`), `the field "b" has the value "${value}"`);
    }
    equal(reasonOf('a b="c'), "a text has no end");
    equal(reasonOf("a b=1 x"), '"x" is not a time');
    equal(reasonOf("a b=1 -5"), '"-5" is not a time');
    equal(reasonOf("a b=1 5 6"), "there is more behind the time");
    equal(reasonOf('a b="c"d'), "there is more behind a text");
    deepEqual(read("a b=\nc d=1"), ['1: the field "b" has the value "": a b=', "c;;d=1;undefined"]);
    deepEqual(read('a b="\nc d=1\n').length, 1, "what follows a text without end is part of it");
  });

  it("have a bounded number of tags and fields", () => {
    equal(reasonOf(`a ${"f=1,".repeat(100_000)}f=1`), "more than 20000 tags or fields");
    equal(reasonOf(`a${",t=1".repeat(100_000)} f=1`), "more than 20000 tags or fields");
  });

  it("are read once, however long: megabytes of digits are not tried in every division", () => {
    const digits = "1".repeat(4_000_000);
    for (const value of [`${digits}x`, `${digits}.${digits}x`, `${digits}e`, `-${digits}ui`]) {
      equal(reasonOf(`a b=${value}`), `the field "b" has the value "${value.slice(0, 40)}"`);
    }
  });
});

describe("times", () => {
  const seconds = (time: string, query: string, path = "/write") =>
    timesOf({ path, query })?.(time);

  it("are whole seconds of every unit, to the last nanosecond", () => {
    equal(seconds("1700000000999999999", ""), 1_700_000_000);
    equal(seconds("1700000000999999", "db=x&precision=u"), 1_700_000_000);
    equal(seconds("1700000000999", "precision=ms"), 1_700_000_000);
    equal(seconds("1700000000", "precision=s"), 1_700_000_000);
    equal(seconds("28333333", "precision=m"), 1_699_999_980);
    equal(seconds("472222", "precision=h"), 1_699_999_200);
    equal(seconds("1700000000", "precision=fortnights"), undefined);
    equal(seconds("1700000000", "precision=constructor"), undefined);
  });

  it("are known by their digits, as InfluxDB 3 takes them", () => {
    for (const behind of ["", "999", "999999", "999999999"]) {
      equal(seconds(`1700000000${behind}`, "", "/api/v3/write_lp"), 1_700_000_000);
    }
  });
});
