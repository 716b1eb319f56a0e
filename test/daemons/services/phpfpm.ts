/** PHP-FPM behind nginx, which passes its status page on. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "PhpFpmCollector",
  packages: { "php-fpm8.2": "php8.2-fpm", nginx: "nginx-core", curl: "curl" },
  fast: true,

  async start({ folder, port }) {
    const socket = `${folder}/fpm.sock`;
    writeFileSync(
      `${folder}/fpm.conf`,
      `[global]
error_log = ${folder}/fpm.log
[www]
user = www-data
group = www-data
listen = ${socket}
listen.mode = 0666
pm = dynamic
pm.max_children = 3
pm.start_servers = 2
pm.min_spare_servers = 1
pm.max_spare_servers = 2
pm.status_path = /fpm-status
`,
    );
    writeFileSync(
      `${folder}/nginx.conf`,
      `daemon off; pid ${folder}/pid; error_log ${folder}/errors;
events {}
http {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    location = /fpm-status {
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME /fpm-status;
      fastcgi_pass unix:${socket};
    }
  }
}
`,
    );
    const fpm = run("php-fpm8.2", ["-F", "-y", `${folder}/fpm.conf`]);
    const nginx = run("nginx", ["-c", `${folder}/nginx.conf`, "-e", `${folder}/errors`]);
    const url = `http://127.0.0.1:${port}/fpm-status`;
    await answers("curl", ["-sf", url]);
    return {
      version: say("php-fpm8.2", ["-v"]).match(/PHP (\S+)/)![1],
      options: `host = 127.0.0.1\nport = ${port}\n`,
      client() {
        const page = [...say("curl", ["-sf", url]).matchAll(/^([a-z ]+):\s+(\d+)$/gm)];
        return new Map(
          page.filter(([, name]) => !["start since"].includes(name)).map((
            [, name, value],
          ) => [name.replaceAll(" ", "_"), Number(value)]),
        );
      },
      stop: async () => {
        await fpm.stop();
        await nginx.stop();
      },
    };
  },
} satisfies Daemon;
