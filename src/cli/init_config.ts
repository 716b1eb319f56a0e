/** `init-config`: a configuration for this host, by what answers on it. */

import { DEFAULT_PAGE } from "../config/page.ts";
import { ENABLED, sampleSection } from "../config/sample.ts";
import { serverOptions } from "../config/server_options.ts";
import { commonOptions } from "../core/collector.ts";
import { type CommandSpec, flagRoots, rootFlags } from "./command.ts";
import { discover, type Discovered, isOfHost } from "./discover/discover.ts";
import { UsageError } from "./flags.ts";
import { declared } from "./plugins.ts";
import type { World } from "./world.ts";

const GRAPHITE_PORT = 2003;
const MAX_PORT = 65_535;

interface Graphite {
  readonly host: string;
  readonly port: number;
}

export function initConfigCommand(world: World): CommandSpec {
  return {
    name: "init-config",
    summary:
      "Print a configuration for this host, with collectors for the services that answer on it",
    args: {
      graphite: {
        type: "string",
        valueHint: "HOST[:PORT]",
        description: "Send to this Graphite (default: into a file)",
      },
      ...rootFlags,
    },
    examples: [
      "diamond-agent init-config --graphite graphite.example.org > /etc/diamond/diamond.conf",
      "diamond-agent init-config | less",
    ],
    notes:
      "It only reads: sockets, ports, /proc, and each service as its collector asks it, for at most two seconds. " +
      "Run it as root to see where services of other users listen.",
    async run(flags) {
      const graphite = flags.text("graphite");
      const to = graphite === undefined ? undefined : graphiteOf(graphite);
      const host = world.host(flagRoots(flags));
      const { collectors } = await declared(world.catalogue);
      const { default: history } = await world.catalogue.handlers.HistoryHandler();
      const standard = collectors.filter(({ name, systems = ["linux"] }) =>
        ENABLED.includes(name) && systems.includes(host.system)
      ).map(({ name }) => name);
      const known = new Set(collectors.map(({ name }) => name));
      const found = (await discover(host)).filter(({ collector }) => known.has(collector));
      const sending = `${to === undefined ? ARCHIVE : graphiteSection(to)}${
        sampleSection(history)
      }`;
      world.out.write(configText(host.names.hostname(), standard, found, sending));
      return 0;
    },
  };
}

function graphiteOf(text: string): Graphite {
  const [, bracketed, name, port] = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d+))?$/.exec(text) ?? [];
  const host = bracketed ?? name;
  const number = Number(port ?? GRAPHITE_PORT);
  if (host === undefined || number < 1 || number > MAX_PORT) {
    throw new UsageError(`--graphite needs HOST or HOST:PORT, not "${text}"`);
  }
  return { host, port: number };
}

function configText(
  name: string,
  standard: readonly string[],
  found: readonly Discovered[],
  handlers: string,
): string {
  const services = found.filter((one) => !isOfHost(one));
  const ready = services.filter(({ lacks }) => lacks === undefined);
  const lacking = services.filter(({ lacks }) => lacks !== undefined);
  const names = [...handlers.matchAll(/^\[\[(\w+)\]\]$/gm)].map(([, handler]) => handler);
  return [
    `# diamond.conf for ${name}, by \`diamond-agent init-config\`.\n`,
    "#\n",
    "# `diamond-agent check -c FILE` checks it, `diamond-agent config` prints every option,\n",
    "# `diamond-agent describe NAME` describes a collector.\n\n",
    "[server]\n\n",
    `# ${serverOptions.handlers.help}\n`,
    `handlers = ${names.join(", ")}\n\n`,
    `# ${serverOptions.page.help}\n# page = ${DEFAULT_PAGE}\n\n`,
    "[handlers]\n\n",
    handlers,
    "[collectors]\n\n[[default]]\n",
    `# ${commonOptions.interval.help}\ninterval = 10\n\n`,
    "# This host\n\n",
    ...standard.map((one) => `[[${one}]]\nenabled = True\n\n`),
    ...found.filter(isOfHost).map((one) => section(one)),
    ready.length > 0 ? "# Services that answer\n\n" : "",
    ...ready.map((one) => section(one)),
    lacking.length > 0 ? "# Services that need something first\n\n" : "",
    ...lacking.map((one) => section(one)),
    services.length === 0 ? "# No service that a collector knows answers on this host.\n" : "",
  ].join("").trimEnd() + "\n";
}

const ARCHIVE = `[[ArchiveHandler]]
# A file, until there is a server: \`diamond-agent init-config --graphite HOST\` sends to Graphite,
# and \`diamond-agent list\` names the other handlers.
log_file = /var/log/diamond/archive.log

`;

function graphiteSection({ host, port }: Graphite): string {
  return `[[GraphiteHandler]]\nhost = ${host}\nport = ${port}\n\n`;
}

/**
 * Formats a section of the sample. If the service lacks something, a comment says so and the section stays
 * disabled.
 */
function section({ collector, why, options, lacks }: Discovered): string {
  const lines = [
    `[[${collector}]]`,
    "enabled = True",
    ...Object.entries(options).map(([name, value]) => `${name} = ${value}`),
  ];
  const told = lacks === undefined ? [`# ${why}`] : [
    `# ${why}. It needs:`,
    "#",
    ...lacks.map((line) => `#     ${line}`),
    "#",
  ];
  return [...told, ...lines.map((line) => (lacks === undefined ? line : `# ${line}`)), "", ""].join(
    "\n",
  );
}
