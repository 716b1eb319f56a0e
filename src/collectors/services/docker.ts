/** Source: https://docs.docker.com/reference/api/engine/ */

import { type Context, defineCollector, gauge } from "../../core/collector.ts";
import { text } from "../../core/option.ts";
import { isFiniteNumber } from "../../formats/flatten.ts";
import { each } from "../../protocols/each.ts";
import { getJson } from "../../protocols/http_get.ts";

const options = {
  socket: text("/var/run/docker.sock", "The engine's socket; podman's works as well"),
};
const metrics = {
  "{count}": gauge("Containers that run and do not, images, and images that nobody uses"),
  "containers.{container}.{memory}": gauge(
    "Memory, in bytes, and pages moved, since its start",
    0,
    { byte: "*_byte" },
  ),
  "containers.{container}.cpu.{cpu}": gauge(
    "CPU time since its start; system: that of the host",
    0,
    "ns",
  ),
};
type Docker = Context<typeof options, typeof metrics>;

/** Names in metrics by keys of memory_stats, of cgroup v1 and of v2. */
const MEMORY: Readonly<Record<string, readonly string[]>> = {
  RSS_byte: ["total_rss", "anon"],
  cache_byte: ["total_cache", "file"],
  swap_byte: ["total_swap", "swap"],
  pagein_count: ["total_pgpgin", "pgpgin"],
  pageout_count: ["total_pgpgout", "pgpgout"],
};

interface Container {
  readonly Id: string;
  readonly Names: readonly string[];
}

export default defineCollector({
  name: "DockerCollector",
  doc: "Containers and images of Docker and podman, with memory and CPU time of each container",
  path: "docker",
  sources: ["GET /containers/json", "GET /images/json", "GET /containers/ID/stats"],
  options,
  metrics,

  async collect(context) {
    const { emit } = context;
    const ask = (path: string) =>
      getJson(context.host, `http://localhost${path}`, context.signal, {
        socket: context.options.socket,
      });
    const running: Container[] = await ask("/containers/json");
    const all: Container[] = await ask("/containers/json?all=1");
    const images: { Id: string }[] = await ask("/images/json?all=0");
    const dangling: { Id: string }[] = await ask(
      `/images/json?all=1&filters=${encodeURIComponent('{"dangling":["true"]}')}`,
    );
    emit("{count}", running.length, "containers_running_count");
    emit("{count}", all.length - running.length, "containers_stopped_count");
    emit("{count}", distinct(images), "images_count");
    emit("{count}", distinct(dangling), "images_dangling_count");
    await each(running, nameOf, async (container) => {
      const stats = await ask(`/containers/${container.Id}/stats?stream=false&one-shot=true`);
      emitContainer(context, nameOf(container), stats);
    });
  },
});

function distinct(images: readonly { readonly Id: string }[]): number {
  return new Set(images.map(({ Id }) => Id)).size;
}

function nameOf({ Names: [name = ""], Id }: Container): string {
  return name.replace(/^\//, "") || Id;
}

// deno-lint-ignore no-explicit-any
function emitContainer({ emit }: Docker, name: string, { memory_stats, cpu_stats }: any): void {
  for (const [field, keys] of Object.entries(MEMORY)) {
    const value = keys.map((key) => memory_stats?.stats?.[key]).find((one) => one !== undefined);
    if (isFiniteNumber(value)) emit("containers.{container}.{memory}", value, name, field);
  }
  const cpu = {
    total: cpu_stats?.cpu_usage?.total_usage,
    kernelmode: cpu_stats?.cpu_usage?.usage_in_kernelmode,
    usermode: cpu_stats?.cpu_usage?.usage_in_usermode,
    system: cpu_stats?.system_cpu_usage,
  };
  for (const [field, value] of Object.entries(cpu)) {
    if (isFiniteNumber(value)) emit("containers.{container}.cpu.{cpu}", value, name, field);
  }
}
