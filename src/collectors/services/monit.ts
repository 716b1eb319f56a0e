/** Source: https://mmonit.com/monit/documentation/monit.html#HTTP-INTERFACE */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { bool, integer, secret, text } from "../../core/option.ts";
import { byteFactor } from "../../core/units.ts";
import { numberIn } from "../../formats/flatten.ts";
import { elementsAt, parseXml, textAt, type XmlElement } from "../../formats/xml.ts";
import { get, login } from "../../protocols/http_get.ts";
import { baseUrl } from "../../protocols/http_post.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const options = {
  host: text("127.0.0.1", "Name or address of the server"),
  port: integer(2812, "Its port", { min: 1, max: MAX_PORT }),
  user: text("monit", "The user to log in as"),
  passwd: secret("monit", "The user's password"),
  send_totals: bool(false, "Publish CPU and memory with a process' children as well"),
};
const metrics = {
  "{service}.uptime": gauge("Seconds since the process' start", 0, "s"),
  "{service}.cpu.{percent}": gauge(
    "CPU time of the process; percent_total: with its children",
    0,
    "percent",
  ),
  "{service}.{memory}.{unit}_usage": gauge(
    "Memory of the process, in the units of byte_unit; memory_total: with its children",
    0,
    "{unit}",
  ),
};
type Monit = Context<typeof options, typeof metrics>;

/** In the attribute `type`. */
const PROCESS = "3";

export default defineCollector({
  name: "MonitCollector",
  doc: "CPU time and memory of the processes that Monit watches",
  path: "monit",
  sources: ["GET /_status?format=xml"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options, signal } = context;
    const url = `${baseUrl(false, options.host, options.port)}/_status?format=xml`;
    const { body } = await get(host, url, signal, login(options.user, options.passwd));
    const root = parseXml(body, url);
    if (root.name !== "monit") throw badData(`${url} does not answer as Monit does`);
    for (const service of elementsAt(root, "service")) {
      // One that failed, or is not watched, has no current values.
      const isGood = textAt(service, "status") === "0" && textAt(service, "monitor") === "1";
      const isProcess = service.attributes.get("type") === PROCESS;
      if (isProcess && isGood) emitProcess(context, service);
    }
  },
});

function emitProcess({ emit, options }: Monit, service: XmlElement): void {
  const name = textAt(service, "name") ?? service.attributes.get("name");
  if (!name) return;
  // -1 is what it does not know yet.
  const value = (path: string) => {
    const number = numberIn(textAt(service, path));
    return number === undefined || number < 0 ? undefined : number;
  };
  const uptime = value("uptime");
  if (uptime !== undefined) emit("{service}.uptime", uptime, name);
  for (const total of options.send_totals ? ["", "total"] : [""]) {
    const suffix = total === "" ? "" : "_total";
    const percent = value(`cpu/percent${total}`);
    if (percent !== undefined) emit("{service}.cpu.{percent}", percent, name, `percent${suffix}`);
    const kilobytes = value(`memory/kilobyte${total}`);
    if (kilobytes === undefined) continue;
    for (const unit of options.byte_unit) {
      const size = kilobytes * byteFactor("kilobyte", unit);
      emit("{service}.{memory}.{unit}_usage", size, name, `memory${suffix}`, unit);
    }
  }
}
