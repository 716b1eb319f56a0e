/** Source: https://www.puppet.com/docs/puppet/7/configuration.html#lastrunfile */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData, noData } from "../../core/errors.ts";
import { text } from "../../core/option.ts";
import { wordsOf } from "../../core/words.ts";
import { numberIn } from "../../formats/flatten.ts";

const DIAMONDS = "/var/lib/puppet/state/last_run_summary.yaml";
/** Where today's packages have it. */
const TODAYS = wordsOf(`
  /var/cache/puppet/public/last_run_summary.yaml
  /opt/puppetlabs/puppet/public/last_run_summary.yaml
  /opt/puppetlabs/puppet/cache/state/last_run_summary.yaml
  /var/cache/puppet/state/last_run_summary.yaml
`);

const SECONDS = { unit: "s" };

export default defineCollector({
  name: "PuppetAgentCollector",
  doc: "The last run of Puppet's agent: resources, changes, events, times",
  path: "puppetagent",
  sources: ["last_run_summary.yaml"],
  systems: everySystem,
  options: {
    yaml_path: text(DIAMONDS, "The summary; where it is not there, today's places are looked at"),
  },
  metrics: {
    "{section}.{field}": gauge("A number of the summary; times in seconds", 0, { s: "" }),
  },

  collect({ host: { fs }, options: { yaml_path }, emit }) {
    const path = [yaml_path, ...(yaml_path === DIAMONDS ? TODAYS : [])].find((one) =>
      fs.exists(one)
    );
    if (path === undefined) throw noData(`there is no ${yaml_path}: Puppet has not run here`);
    let found = false;
    // Puppet 2 has indented the sections as well, and a key may have no value.
    let open: { readonly name: string; readonly indent: number }[] = [];
    for (const line of fs.read(path).text().split("\n")) {
      const [, blanks = "", key, written] = /^( *)"?([\w.:-]+?)"?:(.*)$/.exec(line) ?? [];
      if (key === undefined) continue;
      open = open.filter(({ indent }) => indent < blanks.length);
      const section = open.at(-1);
      if (written.trim() === "") open.push({ name: key, indent: blanks.length });
      const value = numberIn(written);
      if (value === undefined || section === undefined) continue;
      found = true;
      if (section.name === "time" && key !== "last_run") {
        emit("{section}.{field}", value, section.name, key, SECONDS);
      } else emit("{section}.{field}", value, section.name, key);
    }
    if (!found) throw badData(`${path} has no numbers: it is not a summary of Puppet's`);
  },
});
