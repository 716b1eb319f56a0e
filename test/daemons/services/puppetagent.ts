/** Puppet, which applies a manifest of one line. */

import { mkdirSync, readFileSync } from "node:fs";
import { type Daemon, figuresIn, prefixed, say } from "../daemon.ts";

export default {
  collector: "PuppetAgentCollector",
  packages: { puppet: "puppet-agent" },
  survives: "the summary stays until the next run",

  start({ folder }) {
    const places = ["confdir", "vardir", "publicdir", "rundir", "logdir"].flatMap((name) => {
      mkdirSync(`${folder}/${name}`);
      return [`--${name}`, `${folder}/${name}`];
    });
    say("puppet", ["apply", ...places, "-e", 'notify { "hello": }']);
    const file = `${folder}/publicdir/last_run_summary.yaml`;
    return Promise.resolve({
      version: say("puppet", ["--version"]).trim(),
      options: `yaml_path = ${file}\n`,
      client() {
        const parts = readFileSync(file, "utf8").split(/^(?=\w+:\n)/m);
        return new Map(parts.flatMap((part) => {
          const [, section] = /^(\w+):\n/.exec(part) ?? [];
          const values = figuresIn(part, /^ +"?(\w+)"?: ([\d.]+)$/gm);
          return section === undefined ? [] : [...prefixed(`${section}.`, values)];
        }));
      },
      gone: { "version.puppet": "a text", "application.run_mode": "a text" },
      stop: () => Promise.resolve(),
    });
  },
} satisfies Daemon;
