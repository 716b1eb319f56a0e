/** Source: https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/perfdata.html */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { text } from "../../core/option.ts";
import { unreadPart } from "../../core/unread_lines.ts";
import { safeName } from "../../formats/flatten.ts";
import { perfdataIn } from "../../formats/perfdata.ts";
import { each } from "../../protocols/each.ts";

const options = {
  perfdata_dir: text(
    "/var/spool/diamond/nagiosperfdata",
    "Folder into which Nagios moves its files; they are removed once they have been read",
  ),
};
const UNITS = { byte: "", s: "", percent: "" };
const metrics = {
  "{prefix}.{host}.host.{label}": gauge(
    "A value of a host's check, in bytes and seconds",
    0,
    UNITS,
  ),
  "{prefix}.{host}.{service}.{label}": gauge(
    "A value of a service's check, in bytes and seconds",
    0,
    UNITS,
  ),
};
type Perfdata = Context<typeof options, typeof metrics>;

export default defineCollector({
  name: "NagiosPerfdataCollector",
  doc: "Performance data of Nagios' checks, from the files that it leaves in a folder",
  path: "nagiosperfdata",
  sources: ["the files in perfdata_dir"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host: { fs }, options: { perfdata_dir: folder }, skipLine } = context;
    await each(fs.list(folder).sort(), (name) => name, async (name) => {
      const path = `${folder}/${name}`;
      // A link may lead to what is not Nagios'.
      if (!fs.stat(path)?.isFile || fs.readLink(path) !== undefined) return;
      const content = fs.read(path).text();
      // First: what cannot be removed would be published in each run.
      fs.remove(path);
      // The end of its line is a part of the last field, as in Diamond.
      for (const line of content.match(/[^\n]+\n?/g) ?? []) {
        if (!emitLine(context, fieldsIn(line))) skipLine(unreadPart(path, line));
      }
    });
  },
});

/** `KEY::value`, with tabs between them. */
function fieldsIn(line: string): ReadonlyMap<string, string> {
  return new Map(
    line.split("\t").map((field) => {
      const at = field.indexOf("::");
      return at < 0 ? [field, ""] : [field.slice(0, at), field.slice(at + 2)];
    }),
  );
}

/** False where something of the line cannot be read. */
function emitLine({ emit }: Perfdata, fields: ReadonlyMap<string, string>): boolean {
  const name = fields.get("HOSTNAME")?.toLowerCase();
  const type = fields.get("DATATYPE");
  const data = fields.get(type ?? "");
  const isHost = type === "HOSTPERFDATA";
  const check = fields.get("GRAPHITEPOSTFIX") ?? fields.get("SERVICEDESC");
  const isService = type === "SERVICEPERFDATA" && fields.has("SERVICEDESC") && check !== undefined;
  if (!name || data === undefined || !(isHost || isService)) return false;
  const [prefix, host] = [fields.get("GRAPHITEPREFIX") ?? "", name].map(safeName);
  let whole = true;
  for (const { label, isQuoted, written, factor = 1, unit } of perfdataIn(data)) {
    const value = Number(written) * factor;
    const part = safeName(isQuoted ? `'${label}'` : label);
    if (written === "U") continue;
    if (!Number.isFinite(value)) whole = false;
    else if (isHost) emit("{prefix}.{host}.host.{label}", value, prefix, host, part, { unit });
    else {emit("{prefix}.{host}.{service}.{label}", value, prefix, host, safeName(check!), part, {
        unit,
      });}
  }
  return whole;
}
