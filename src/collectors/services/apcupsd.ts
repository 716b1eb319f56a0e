/** Source: apcupsd's network information server, http://www.apcupsd.org/manual/manual.html#nis-network-server-protocol */

import { defineCollector, everySystem, gauge, rate } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { integer, text, words } from "../../core/option.ts";
import { wordsOf } from "../../core/words.ts";
import type { Host } from "../../ports/host.ts";
import { Conversation } from "../../protocols/conversation.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

/** Those that grow: published per second. */
const GROWING = wordsOf("TONBATT CUMONBATT NUMXFERS");
/** apcupsd sends about fifty. */
const MAX_RECORDS = 1000;
const QUESTION = "\0\x06status";

const UNITS = {
  V: "*V",
  percent: "LOADPCT BCHARGE",
  minutes: "TIMELEFT",
  "°C": "*TEMP",
  Hz: "LINEFREQ",
};

export default defineCollector({
  name: "ApcupsdCollector",
  doc: "Uninterruptible power supplies of APC, as apcupsd tells of them",
  path: "apcupsd",
  sources: ["status"],
  systems: everySystem,
  options: {
    hostname: text("localhost", "The host of apcupsd, and the host's name in metric paths"),
    port: integer(3551, "Its port", { min: 1, max: MAX_PORT }),
    metrics: words(
      wordsOf(`
        LINEV LOADPCT BCHARGE TIMELEFT BATTV NUMXFERS TONBATT MAXLINEV MINLINEV OUTPUTV ITEMP
        LINEFREQ CUMONBATT
      `),
      "The fields to publish, by apcupsd's names",
    ),
  },
  metrics: {
    "{ups}.{field}": gauge(
      "A field's number, in the unit that apcupsd names: V, %, minutes, °C",
      0,
      UNITS,
    ),
    "{ups}.{growing}": rate("A field that grows: seconds on battery, transfers to it", 0, {
      rare: true,
      unit: { "s/s": "*ONBATT" },
    }),
  },

  async collect({ host, options, emit, signal }) {
    const { hostname, port, metrics } = options;
    const fields = await status(host, { host: hostname, port }, signal);
    const ups = fields.get("UPSNAME");
    if (ups === undefined) throw badData(`apcupsd at ${hostname}:${port} does not name its UPS`);
    for (const name of metrics) {
      const number = /^-?\d+(?:\.\d+)?/.exec(fields.get(name) ?? "")?.[0];
      if (number === undefined) continue;
      const pattern = GROWING.includes(name) ? "{ups}.{growing}" : "{ups}.{field}";
      emit(pattern, Number(number), ups, name);
    }
  },
});

/** The answer is records of a length and a line `LINEV    : 124.0 Volts`, up to an empty one. */
async function status(
  host: Host,
  address: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  using peer = await Conversation.open(host, address, signal);
  await peer.send(QUESTION);
  const fields = new Map<string, string>();
  for (let count = 0; count < MAX_RECORDS; count++) {
    const [high, low] = await peer.bytes(2);
    const length = high * 256 + low;
    if (length === 0) return fields;
    const line = new TextDecoder().decode(await peer.bytes(length));
    // CUMONBATT has no blank before its colon: Diamond never found it, and no rate of it is known to anybody.
    const [, name, value] = /^([A-Z]+)\s+:\s+(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) fields.set(name, value);
  }
  throw peer.failure("answers without end");
}
