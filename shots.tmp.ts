import { chromium } from "playwright-core";
const url = "http://127.0.0.1:19725/";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const shot = async (name: string, opts: any, path = "", act?: (p: any) => Promise<void>, full = true) => {
  const page = await browser.newPage(opts);
  await page.goto(url + path); await page.waitForTimeout(2500);
  if (act) await act(page);
  await page.screenshot({ path: `/tmp/see-shots/${name}.png`, fullPage: full });
  await page.close();
};
await shot("light", { viewport: { width: 1440, height: 900 }, colorScheme: "light" });
await shot("dark", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" });
await shot("phone", { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, colorScheme: "light" });

await shot("metrics", { viewport: { width: 1440, height: 900 }, colorScheme: "light" }, "#/metrics", async (p) => { await p.keyboard.press("m"); await p.waitForTimeout(500); await p.locator("text=pressure").first().click().catch(() => {}); await p.waitForTimeout(1500); });
await shot("explain", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }, "", async (p) => { await p.locator('[data-panel="pressure"] .key').first().click(); await p.waitForTimeout(2500); });
await browser.close();
