/** podman's engine with an image and a container that never ran; its own command counts them. */

import { mkdirSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "DockerCollector",
  packages: { podman: "podman", curl: "curl" },

  async start({ folder }) {
    const socket = `${folder}/podman.sock`;
    mkdirSync(`${folder}/image`);
    const place = [
      ...["--root", `${folder}/root`, "--runroot", `${folder}/run`, "--storage-driver", "vfs"],
      ...["--tmpdir", `${folder}/tmp`, "--events-backend", "none"],
    ];
    const podman = (...words: readonly string[]) => say("podman", [...place, ...words]);
    say("sh", [
      ...["-c", `echo hello > ${folder}/image/hello; tar c -C ${folder}/image . | podman "$@"`],
      ...["-", ...place, "import", "-", "small"],
    ]);
    podman("create", "--network", "none", "--name", "idle", "small", "/hello");
    const server = run("podman", [
      ...place,
      "system",
      "service",
      "--time",
      "0",
      `unix://${socket}`,
    ]);
    await answers("curl", ["-sf", "--unix-socket", socket, "http://localhost/_ping"]);
    const count = (...words: readonly string[]) =>
      new Set(podman(...words, "-q").split("\n").filter((line) => line !== "")).size;
    return {
      version: podman("version", "--format", "{{.Client.Version}}").trim(),
      options: `socket = ${socket}\n`,
      client: () =>
        new Map([
          ["containers_running_count", count("ps")],
          ["containers_stopped_count", count("ps", "-a") - count("ps")],
          ["images_count", count("images")],
          ["images_dangling_count", count("images", "--filter", "dangling=true")],
        ]),
      stop: server.stop,
    };
  },
} satisfies Daemon;
