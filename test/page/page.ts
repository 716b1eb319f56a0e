/**
 * The page of a running agent in a real browser, Debian's Chromium: what it shows, how it is used, what it must not do.
 *
 *     npm run long -- page
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { type Browser, chromium, type Page } from "playwright-core";
import { fault, sleep } from "../faults/fault.ts";
import { freePort, lineServer, start, until } from "../harness/agent_process.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const COLLECTORS = [
  "CPU",
  "LoadAverage",
  "Memory",
  "DiskSpace",
  "DiskUsage",
  "Network",
  "Pressure",
];
/** A name of a metric. */
const MARKUP = "a<img/src=x/onerror=alert(1)>b";
const NARROW = { width: 390, height: 844 };
const TOKEN = "0123456789abcdef-0123456789abcdef";
const OUTAGE_MS = 4000;
/** The light theme's edge of an outage. */
const EDGE = [0xc9, 0x47, 0x2f];
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const program = CHROMIUM.find((path) => existsSync(path));
if (program === undefined) {
  console.error("Chromium is not installed: apt-get install chromium");
  process.exit(2);
}

await fault("page", async (directory) => {
  const problems: string[] = [];
  const check = (what: string, holds: boolean) => {
    console.log(`  ${holds ? "ok    " : "FAILED"} ${what}`);
    if (!holds) problems.push(what);
  };
  const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
  const site = await startSite(directory);
  try {
    const page = await openPage(browser, site.url, problems);
    await firstScreen(page, check);
    await searchAndRange(page, check);
    await markup(page, check);
    await explanation(page, check);
    await keyboard(page, check);
    await outage(page, site, check);
    await narrowAndDark(page, check);
    await lostConnection(page, site, check);
    await accessible(browser, site.url, check);
  } finally {
    await browser.close();
    await site.end();
  }
  return problems;
});

type Check = (what: string, holds: boolean) => void;
type Site = Awaited<ReturnType<typeof startSite>>;

/** An agent that collects each second into its history and into a Graphite. */
async function startSite(directory: string) {
  const [pagePort, graphitePort] = [await freePort(), await freePort()];
  const config = join(directory, "diamond.conf");
  writeFileSync(
    config,
    `[server]
handlers = GraphiteHandler, HistoryHandler
page = 127.0.0.1:${pagePort}
page_token = ${TOKEN}
state_path = ${directory}
socket = ${directory}/agent.sock
[handlers]
[[GraphiteHandler]]
host = 127.0.0.1
port = ${graphitePort}
retry_max_interval = 1
[[HistoryHandler]]
path = ${directory}/history.db
[collectors]
[[default]]
interval = 1
${COLLECTORS.map((name) => `[[${name}Collector]]\nenabled = True\n`).join("")}
[[UserScriptsCollector]]
enabled = True
scripts_path = ${directory}/scripts
`,
  );
  mkdirSync(join(directory, "scripts"));
  const script = `#!/bin/sh\nprintf '%s 1\\n' '${MARKUP}'\n`;
  writeFileSync(join(directory, "scripts/markup.sh"), script, { mode: 0o755 });
  const run = () => start(["run", "-f", "-l", "--skip-pidfile", "-c", config]);
  let graphite = await lineServer({ port: graphitePort });
  let agent = run();
  const url = `http://127.0.0.1:${pagePort}/`;
  const headers = { authorization: `Bearer ${TOKEN}` };
  const isUp = () =>
    until("the agent has rates", async () => {
      const answer = await fetch(`${url}api/series?match=cpu.total.user`, { headers }).catch(() =>
        undefined
      );
      return (await answer?.json() as { total?: number } | undefined)?.total;
    }, 20);
  await isUp();
  return {
    url,
    breakGraphite: () => graphite.close(),
    async mendGraphite() {
      graphite = await lineServer({ port: graphitePort });
    },
    stopAgent: () => agent.end(),
    async startAgent() {
      agent = run();
      await isUp();
    },
    async end() {
      await agent.end();
      await graphite.close();
    },
  };
}

/** What the browser complains of is a problem, as is each request that leaves the agent. */
async function openPage(browser: Browser, url: string, problems: string[]): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on("console", (message) => {
    const isLost =
      /ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|CONNECTION_RESET)/;
    if (!isLost.test(message.text())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`error in the page: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("data:")) {
      problems.push(`a request elsewhere: ${request.url()}`);
    }
  });
  page.on("response", async (response) => {
    if (response.status() < 400) return;
    problems.push(`${response.url()}: ${await response.text().catch(() => response.status())}`);
  });
  await page.goto(`${url}?token=${TOKEN}`);
  return page;
}

async function firstScreen(page: Page, check: Check): Promise<void> {
  await page.waitForSelector('[data-panel="cpu"] canvas');
  check("the address has lost its token", !page.url().includes(TOKEN));
  for (const panel of ["cpu", "load", "memory", "space", "io", "network", "backlog"]) {
    const box = await page.locator(`[data-panel="${panel}"]`).boundingBox();
    check(`the first screen has ${panel}`, box !== null && box.y + box.height <= 900);
  }
  check("it names the health", await page.locator(".health").innerText() === "Healthy");
  check("it names the handlers", await page.locator(".handlers li").count() === 2);
  await page.waitForSelector('.connection[data-state="live"]');
  const label = () => page.locator('[data-panel="load"] .plot').getAttribute("aria-label");
  check("a chart is there in words", /1 min now \d/.test(await label() ?? ""));
  const times = async () => page.locator('[data-panel="cpu"] .legend').innerText();
  const before = await times();
  check("values go on by themselves", await changes(async () => await times() !== before));
}

async function searchAndRange(page: Page, check: Check): Promise<void> {
  await page.keyboard.press("/");
  await page.keyboard.type("loadavg 01");
  await page.waitForSelector(".found li");
  check("a search finds", /loadavg\.01/.test(await page.locator(".found li").first().innerText()));
  await page.keyboard.press("Enter");
  await page.waitForSelector(".metrics .panel canvas");
  check("what was found is charted", await changes(() => /path=[^&]*loadavg/.test(page.url())));
  await page.locator(".tree .folder", { hasText: /^memory$/ }).click();
  await page.locator(".tree .leaf", { hasText: /^MemFree$/ }).click();
  check(
    "a series of the tree too",
    await changes(async () => await page.locator(".metrics .panel").count() === 2),
  );
  await page.keyboard.press("o");
  await page.waitForSelector('[data-panel="backlog"] canvas');
  const plot = (await page.locator('[data-panel="load"] .u-over').boundingBox())!;
  await page.mouse.move(plot.x + plot.width * 0.3, plot.y + 20);
  await page.mouse.down();
  await page.mouse.move(plot.x + plot.width * 0.6, plot.y + 30, { steps: 4 });
  await page.mouse.up();
  check("a drag chooses the range", await changes(() => /range=\d+-\d+/.test(page.url())));
  await page.locator(".back").click();
  check("and there is a way back to live", await changes(() => !/range=/.test(page.url())));
  await page.locator(".segments button", { hasText: "5m" }).click();
  check("so does a button", await changes(() => /range=5m/.test(page.url())));
}

async function markup(page: Page, check: Check): Promise<void> {
  page.once("dialog", (dialog) => dialog.dismiss().then(() => check("no script of a name", false)));
  await page.keyboard.press("/");
  await page.keyboard.type("onerror");
  await page.waitForSelector(".found li");
  const found = await page.locator(".found li").first().innerText();
  check("a name with markup is found as it is", found.includes(MARKUP));
  await page.keyboard.press("Enter");
  await page.waitForSelector(".metrics .panel canvas");
  await page.locator(".metrics .key").last().click();
  await page.waitForSelector(".drawer .rows dd");
  check("and is text everywhere", await page.locator("img").count() === 0);
  await page.keyboard.press("Escape");
  await page.keyboard.press("o");
}

async function explanation(page: Page, check: Check): Promise<void> {
  await page.locator('[data-panel="cpu"] .key').first().click();
  await page.waitForSelector(".drawer .rows dd");
  const text = await page.locator(".drawer").innerText();
  check("one click explains a series", /CPUCollector/.test(text) && /\/proc\/stat/.test(text));
  await page.keyboard.press("Escape");
  check("Esc closes it", await page.locator(".drawer").isHidden());
  await page.locator(".handlers button", { hasText: "GraphiteHandler" }).click();
  await page.waitForSelector(".drawer .rows dd");
  const about = await page.locator(".drawer .rows").innerText();
  check("and a handler", /127\.0\.0\.1/.test(about));
  await page.keyboard.press("Escape");
}

async function keyboard(page: Page, check: Check): Promise<void> {
  await page.keyboard.press("?");
  check("? opens the keys", await page.locator("dialog.help").isVisible());
  await page.keyboard.press("Escape");
  await page.keyboard.press("a");
  check(
    "a shows the collectors",
    await page.getByRole("rowheader", { name: "CPUCollector" }).isVisible(),
  );
  await page.keyboard.press("o");
  await page.waitForSelector('[data-panel="load"] canvas');
  await page.locator('[data-panel="load"] .plot').focus();
  await page.keyboard.press("ArrowLeft");
  const spoken = () => page.locator(".unseen").innerText();
  check("arrows read a chart's values", await changes(async () => /1 min \d/.test(await spoken())));
}

async function outage(page: Page, site: Site, check: Check): Promise<void> {
  await page.evaluate("document.activeElement?.blur()");
  await page.locator(".segments button", { hasText: "5m" }).click();
  await site.breakGraphite();
  await page.waitForSelector('.handlers [data-state="failing"]', { timeout: 30_000 });
  check("an outage is seen", await page.locator(".health").innerText() === "Degraded");
  const advice = page.locator(".problems .advice").first();
  check("with an advice", /nothing listens there/.test(await advice.innerText()));
  await sleep(OUTAGE_MS);
  await site.mendGraphite();
  await page.waitForSelector('.handlers li:first-child [data-state="ok"]', { timeout: 30_000 });
  await page.waitForSelector(".strip i");
  const words = await page.locator(".handlers .outages").first().innerText();
  check("afterwards with its times and its reason", /\d\d:\d\d:\d\d – \d\d.*refused/.test(words));
  check(
    "and shaded in the charts",
    await changes(() => hasColour(page, '[data-panel="load"] canvas', EDGE)),
  );
}

/** Whether a canvas has pixels of a colour. */
function hasColour(page: Page, selector: string, colour: readonly number[]): Promise<boolean> {
  return page.locator(selector).evaluate((element, [red, green, blue]) => {
    // deno-lint-ignore no-explicit-any
    const canvas = element as any;
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) return true;
    }
    return false;
  }, colour);
}

async function narrowAndDark(page: Page, check: Check): Promise<void> {
  const width = page.viewportSize()!;
  await page.setViewportSize(NARROW);
  await sleep(300);
  const reach = () => page.evaluate("document.documentElement.scrollWidth");
  for (const view of ["o", "m", "a"]) {
    await page.keyboard.press(view);
    check(`nothing is cut at 390 pixels (${view})`, await reach() === NARROW.width);
  }
  await page.keyboard.press("o");
  await page.keyboard.press("ArrowLeft");
  check("nor with a chosen range", await reach() === NARROW.width);
  await page.keyboard.press("Escape");
  await page.setViewportSize(width);
  const ground = () => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
  const light = await ground();
  await page.emulateMedia({ colorScheme: "dark" });
  const isDark = await changes(async () => await ground() !== light);
  check("it follows the system into the dark", isDark);
  await page.getByRole("button", { name: "Light colours" }).click();
  check("and a switch leads back", await ground() === light);
}

async function lostConnection(page: Page, site: Site, check: Check): Promise<void> {
  await site.stopAgent();
  await page.waitForSelector('.connection[data-state="lost"]', { timeout: 20_000 });
  const text = await page.locator(".connection").innerText();
  check("a lost connection is told with its time", /since \d\d:\d\d:\d\d/.test(text));
  await site.startAgent();
  await page.waitForSelector('.connection[data-state="live"]', { timeout: 30_000 });
  check("it comes back by itself", true);
}

async function accessible(browser: Browser, url: string, check: Check): Promise<void> {
  const actions: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
    overview: (page) => page.waitForSelector(".panel canvas"),
    metrics: (page) => page.keyboard.press("m").then(() => page.waitForSelector(".tree .folder")),
    agent: (page) => page.keyboard.press("a"),
    search: (page) =>
      page.keyboard.press("/").then(() => page.keyboard.type("cpu"))
        .then(() => page.waitForSelector(".found li")),
    explanation: (page) =>
      page.locator(".key").first().click().then(() => page.waitForSelector(".drawer .rows dd")),
    help: (page) => page.keyboard.press("?"),
  };
  for (const colorScheme of ["light", "dark"] as const) {
    for (const [name, act] of Object.entries(actions)) {
      const context = await browser.newContext({ colorScheme });
      const page = await context.newPage();
      await page.goto(`${url}?token=${TOKEN}`);
      await page.waitForSelector(".panel canvas");
      await act(page);
      await page.evaluate(axe);
      const found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })") as {
        violations: { id: string; impact: string; nodes: { html: string }[] }[];
      };
      const serious = found.violations.filter(({ impact }) => /serious|critical/.test(impact));
      for (const { id, nodes } of serious) console.log(`    ${id}: ${nodes[0].html.slice(0, 200)}`);
      check(`axe finds nothing serious: ${name}, ${colorScheme}`, serious.length === 0);
      await context.close();
    }
  }
}

/** Whether something comes to hold. */
function changes(holds: () => boolean | Promise<boolean>): Promise<boolean> {
  return until("", holds, 10).then(() => true, () => false);
}
