/** Source: https://httpd.apache.org/docs/2.4/mod/mod_status.html */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { list, url } from "../../core/option.ts";
import { wordsOf } from "../../core/words.ts";
import { numberIn } from "../../formats/flatten.ts";
import { each } from "../../protocols/each.ts";
import { get } from "../../protocols/http_get.ts";
import { trusting, trustOptions } from "../../protocols/tls.ts";

/** Letters of the scoreboard. */
const WORKERS: Readonly<Record<string, string>> = {
  _: "IdleWorkers",
  R: "ReadingWorkers",
  W: "WritingWorkers",
  K: "KeepaliveWorkers",
  D: "DnsWorkers",
  C: "ClosingWorkers",
  L: "LoggingWorkers",
  G: "FinishingWorkers",
  I: "CleanupWorkers",
};
const FRACTIONS = wordsOf("ReqPerSec BytesPerSec BytesPerReq CPULoad CPUUser CPUSystem");
const WHOLE = wordsOf(`
  BusyWorkers TotalAccesses StartingWorkers ConnsTotal ConnsAsyncClosing ConnsAsyncWriting
  ConnsAsyncKeepAlive CPUChildrenUser CPUChildrenSystem TotalkBytes ServerUptimeSeconds CacheSubcaches
  CacheCurrentEntries CacheIndexesPerSubcaches CacheSharedMemory CacheStoreCount CacheExpireCount
  CacheReplaceCount CacheDiscardCount CacheRetrieveHitCount CacheRetrieveMissCount CacheRemoveHitCount
  CacheRemoveMissCount CacheTimeLeftOldestMax CacheTimeLeftOldestMin CacheTimeLeftOldestAvg
  CacheIndexUsage CacheUsage
`);
const REDIRECTS = 5;

export default defineCollector({
  name: "HttpdCollector",
  doc: "Requests, traffic and workers of Apache httpd, from mod_status",
  path: "httpd",
  sources: ["GET /server-status?auto"],
  systems: everySystem,
  options: {
    urls: list(["localhost http://localhost:8080/server-status?auto"], "Pages: [alias ]URL"),
    url: url("", "One more page"),
    ...trustOptions,
  },
  metrics: {
    "{server}.{whole}": gauge("A line of the page, or workers by the scoreboard", 0, {
      s: "ServerUptimeSeconds CPUChildren*",
      KiB: "TotalkBytes",
    }),
    "{server}.{fraction}": gauge("Requests and bytes per second and request, CPU time", 5, {
      "byte/s": "BytesPerSec",
      byte: "BytesPerReq",
      s: "CPUUser CPUSystem",
      percent: "CPULoad",
    }),
  },

  async collect({ host, options, emit, signal }) {
    const { urls, url } = options;
    const pages = [...urls, ...(url === "" ? [] : [url])];
    await each(pages, (page) => page, async (page) => {
      const [address, alias = ""] = page.trim().split(/\s+/).reverse();
      const { body } = await get(host, address, signal, {
        redirects: REDIRECTS,
        ...trusting(options),
      });
      const lines = [...body.matchAll(/^([A-Za-z ]+):\s+(.+)$/gm)];
      if (lines.length === 0) throw badData(`${address} is not a page of mod_status`);
      for (const [, title, written] of lines) {
        const key = title.replaceAll(" ", "");
        const value = numberIn(written.trimEnd().replace("%", ""));
        if (key === "Scoreboard") {
          for (const [letter, name] of Object.entries(WORKERS)) {
            emit("{server}.{whole}", written.split(letter).length - 1, alias, name);
          }
        } else if (value === undefined) continue;
        else if (FRACTIONS.includes(key)) emit("{server}.{fraction}", value, alias, key);
        else if (WHOLE.includes(key)) emit("{server}.{whole}", Math.trunc(value), alias, key);
      }
    });
  },
});
