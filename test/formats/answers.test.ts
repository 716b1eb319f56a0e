/** Answers of services in forms that no recording has: XML at its edges, older and other versions. */

import { deepEqual, equal, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { bindValuesInJson } from "../../src/formats/bind_json.ts";
import { bindValuesInXml } from "../../src/formats/bind_xml.ts";
import { parseCollectd } from "../../src/formats/collectd.ts";
import { parseStatus } from "../../src/formats/openvpn_status.ts";
import { totalsIn } from "../../src/formats/prometheus_text.ts";
import { encoded, queryOf } from "../../src/formats/query.ts";
import { elementsAt, parseXml, textAt } from "../../src/formats/xml.ts";

describe("parseXml", () => {
  it("reads elements, attributes in both quotes, entities, comments and CDATA", () => {
    const root = parseXml(
      `<?xml version="1.0"?><!DOCTYPE a><a b="1 &lt; 2" c='"'><!-- <d> --><e/><e>x&#65;&amp;&nbsp;<![CDATA[<y>]]></e></a>`,
      "it",
    );
    deepEqual([...root.attributes], [["b", "1 < 2"], ["c", '"']]);
    deepEqual(elementsAt(root, "e").map(({ text }) => text), ["", "xA&&nbsp;<y>"]);
    equal(textAt(root, "e/f"), undefined);
  });

  for (
    const [what, xml] of Object.entries({
      "nothing": "",
      "no element": "hello",
      "one that breaks off": "<a><b>5</b>",
      "one that is cut within a tag": "<a><b c",
      "crossed elements": "<a><b></a></b>",
      "an end without a beginning": "</a>",
      "declarations of entities": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
      "a hundred levels and more": "<a>".repeat(200) + "</a>".repeat(200),
    })
  ) {
    it(`refuses ${what}, and names its source`, () => {
      throws(() => parseXml(xml, "the server"), /^Failure: the server does not answer with XML: /);
    });
  }

  it("reads an attribute that is a whole table, as MX4J has them", () => {
    const table = "(itemName=used,itemType=long)".repeat(5000);
    equal(parseXml(`<a b="${table}"/>`, "it").attributes.get("b"), table);
  });

  it("keeps a flat element without what is in it", () => {
    const root = parseXml("<a><z b='1'><c/>x</z><z/><d/></a>", "it", "z");
    deepEqual(root.children.map(({ name, children, text }) => [name, children.length, text]), [
      ["z", 0, ""],
      ["z", 0, ""],
      ["d", 0, ""],
    ]);
    throws(() => parseXml("<a><z><c/></a>", "it", "z"), /it breaks off/);
  });

  it("leaves an entity outside of Unicode as it is", () => {
    equal(parseXml("<a>&#x110000;&#99999999999;</a>", "it").text, "&#x110000;&#99999999999;");
  });
});

describe("BIND's statistics", () => {
  it("of version 2 have the names that they have in version 3", () => {
    const xml = `<isc version="1.0"><bind><statistics version="2.2">
      <views><view><name>_default</name><zones><zone/><zone/></zones>
        <rdtype><name>A</name><counter>7</counter></rdtype>
        <resstat><name>Queryv4</name><counter>9</counter></resstat>
        <cache name="_default"><rrset><name>!AAAA</name><counter>3</counter></rrset></cache></view></views>
      <server><requests><opcode><name>QUERY</name><counter>20</counter></opcode></requests>
        <queries-in><rdtype><name>MX</name><counter>x</counter></rdtype></queries-in>
        <zonestat><name>NotifyOutv4</name><counter>1</counter></zonestat></server>
      <memory><summary><TotalUse>4096</TotalUse></summary></memory>
    </statistics></bind></isc>`;
    deepEqual(short(bindValuesInXml(parseXml(xml, "it"), "it")), [
      "requests.QUERY 20",
      "zonestat.NotifyOutv4 1",
      "_default.zones. 2",
      "_default.query.A 7",
      "_default.resstat.Queryv4 9",
      "_default.cache.NOT_AAAA 3",
      "memory.TotalUse 4096",
    ]);
  });

  it("in JSON have them, too, and texts are left out", () => {
    const values = bindValuesInJson({
      opcodes: { QUERY: 20, IQUERY: "many" },
      nsstats: null,
      views: {
        _default: { zones: [{}, {}], resolver: { qtypes: { A: 7 }, cache: { "!AAAA": 3 } } },
        empty: null,
      },
      memory: { TotalUse: 4096, Malloced: 5 },
    });
    deepEqual(short(values), [
      "requests.QUERY 20",
      "_default.zones. 2",
      "_default.query.A 7",
      "_default.cache.NOT_AAAA 3",
      "memory.TotalUse 4096",
    ]);
  });

  it("are not what another server answers with", () => {
    throws(() => bindValuesInXml(parseXml("<html/>", "it"), "it"), /not answer with statistics/);
  });
});

function short(values: ReturnType<typeof bindValuesInJson>): string[] {
  return values.map(({ view, group, name, value }) =>
    [...(view === undefined ? [] : [view]), group, name].join(".") + ` ${value}`
  );
}

describe("parseStatus", () => {
  const one = `OpenVPN CLIENT LIST
Updated,2026-11-28 12:39:33
Common Name,Real Address,Bytes Received,Bytes Sent,Connected Since
a.example.org,10.0.0.1:5,100,200,2026-11-28 12:00:00
b.example.org,10.0.0.2:5,many,200,2026-11-28 12:00:00
ROUTING TABLE
Virtual Address,Common Name,Real Address,Last Ref
10.1.1.1,a.example.org,10.0.0.1:5,2026-11-28 12:39:33
GLOBAL STATS
Max bcast/mcast queue length,14
END
`;
  const two = `TITLE,OpenVPN 2.6.14
TIME,2026-11-28 12:39:33,1795869573
HEADER,CLIENT_LIST,Common Name,Real Address,Virtual Address,Bytes Received,Bytes Sent
CLIENT_LIST,a.example.org,10.0.0.1:5,10.1.1.1,100,200
HEADER,ROUTING_TABLE,Virtual Address,Common Name
ROUTING_TABLE,10.1.1.1,a.example.org
GLOBAL_STATS,Max bcast/mcast queue length,14
END
`;
  const clients = [{ name: "a.example.org", received: 100, sent: 200 }];
  for (
    const [version, text, unread] of [[1, one, 1], [2, two, 0], [
      3,
      two.replaceAll(",", "\t"),
      0,
    ]] as const
  ) {
    it(`reads version ${version}, without the lines that have no numbers`, () => {
      const status = parseStatus(text);
      deepEqual(status.clients, clients);
      deepEqual([...status.global], [["Max bcast/mcast queue length", "14"]]);
      equal(status.unread.length, unread);
    });
  }

  it("of a client has no clients, not none", () => {
    equal(parseStatus("OpenVPN STATISTICS\nTUN/TAP read bytes,5\nEND\n").clients, undefined);
  });

  it("refuses another text", () => {
    throws(() => parseStatus("constructor\n__proto__,5\n"), /is not a status of OpenVPN/);
  });
});

describe("totalsIn", () => {
  it("sums a name's samples, without those that are no numbers", () => {
    const text =
      '# HELP a b\na{x="1"} 2\na{x="} 9"} 3e2 1795869573000\nb NaN\nc +Inf\nd five\ne 1\r\n';
    deepEqual([...totalsIn(text)], [["a", 302], ["e", 1]]);
  });
});

describe("queryOf", () => {
  it("writes what Python's urlencode writes", () => {
    equal(queryOf({ p: "read/a b:*", t: "é(')!~" }), "p=read%2Fa+b%3A%2A&t=%C3%A9%28%27%29%21%7E");
    equal(encoded("a-b_c.d"), "a-b_c.d");
  });
});

describe("parseCollectd", () => {
  const text = (type: number, value: string) =>
    part(type, [...new TextEncoder().encode(`${value}\0`)]);
  const part = (
    type: number,
    body: readonly number[],
  ) => [type >> 8, type & 255, 0, body.length + 4, ...body];
  const names = [
    ...text(0, "web1"),
    ...text(2, "java_lang"),
    ...text(3, "shop-Pool Eden"),
    ...text(4, "memory"),
  ];
  const gauge = (value: number) => [...new Uint8Array(new Float64Array([value]).buffer)];
  const value = (kind: number, bytes: readonly number[]) => part(6, [0, 1, kind, ...bytes]);
  const parsed = (...bytes: number[]) => parseCollectd(Uint8Array.from(bytes));

  it("keeps fields until they are replaced, and passes over times", () => {
    const { values, whole } = parsed(
      ...names,
      ...part(8, [0, 0, 0, 0, 0, 0, 0, 1]),
      ...text(5, "used"),
      ...value(1, gauge(12.6)),
      ...text(5, "max"),
      ...value(0, [255, 255, 255, 255, 255, 255, 255, 255]),
      ...value(2, [255, 255, 255, 255, 255, 255, 255, 254]),
      ...value(1, gauge(NaN)),
    );
    deepEqual(values.map((one) => [one.host, one.typeInstance, one.value]), [
      ["web1", "used", 12.6],
      ["web1", "max", 18_446_744_073_709_551_615n],
      ["web1", "max", -2n],
      ["web1", "max", undefined],
    ]);
    equal(whole, true);
  });

  it("leaves out what is behind a part that is encrypted, cut short, or says that it is longer", () => {
    const known = [...names, ...value(1, gauge(1))];
    for (
      const rest of [
        [0x02, 0x10, 0, 8, 1, 2, 3, 4],
        [0, 6, 0],
        [0, 6, 0, 200, 0, 1],
        [0, 6, 0, 0],
        part(6, [0, 9, 1]),
      ]
    ) {
      const { values, whole } = parsed(...known, ...rest, ...value(1, gauge(2)));
      deepEqual([values.length, whole], [1, false], String(rest));
    }
    deepEqual(parsed(), { values: [], whole: true });
  });
});
