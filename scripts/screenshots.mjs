#!/usr/bin/env node
// Makes the console's pictures in docs/images anew, from the example with its demo: node scripts/screenshots.mjs (after npm run build; needs Chromium).
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("..", import.meta.url));
const penstock = join(root, "bin/penstock.cjs");
const data = mkdtempSync(join(tmpdir(), "penstock-pictures-"));
const PORTS = { aws: 24567, console: 24580, sql: 25439 };
const DEMO_MS = 75_000;
const base = `http://127.0.0.1:${PORTS.console}`;
const image = (name) => join(root, "docs/images", `${name}.png`);

const ports = Object.entries(PORTS).flatMap(([door, port]) => [`--${door}-port`, String(port)]);
const up = spawn(
  process.execPath,
  [penstock, "up", join(root, "examples/market"), "--demo", "--data", data, ...ports],
  {
    stdio: ["ignore", "ignore", "inherit"],
  },
);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
try {
  await ready();
  const bad = (bid) => JSON.stringify({ symbol: "SPY", bid, ask: 512.4, quoted_at: new Date().toISOString() });
  spawnSync(process.execPath, [penstock, "put", "quotes", "-", "--data", data], {
    input: [bad("n/a"), bad("halted"), bad("-"), "{not JSON"].join("\n"),
  });
  await new Promise((resolve) => setTimeout(resolve, DEMO_MS));
  await pictures();
} finally {
  await browser.close();
  up.kill("SIGTERM");
  await new Promise((resolve) => up.once("exit", resolve));
  rmSync(data, { recursive: true });
}

async function ready() {
  for (let tries = 0; tries < 120; tries++) {
    if (
      await fetch(`${base}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error("the instance did not come up");
}

async function pictures() {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
  await page.goto(`${base}/#/`);
  await page.getByRole("article", { name: "table quotes" }).waitFor();
  await page.getByRole("img").first().waitFor();
  await page.getByText("All accounted for").waitFor();
  await page.screenshot({ path: image("console"), fullPage: true });

  await page.getByRole("article", { name: "table quotes" }).getByRole("button", { name: "Loads: details" }).click();
  await page.locator("button.object").first().click();
  const load = page.getByRole("region", { name: "Load", exact: true });
  await load.locator(".timeline").waitFor();
  await load.screenshot({ path: image("console-load") });

  await page.goto(`${base}/#/sql`);
  await page
    .getByRole("textbox", { name: "SQL" })
    .fill(
      "select date_trunc('year', trade_date) as year, max(close_price) as highest from daily_prices group by 1 order by 1",
    );
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.locator(".grid").waitFor();
  await page.getByRole("tab", { name: "Picture" }).click();
  await page.getByLabel("Draw").selectOption("bar");
  await page.waitForTimeout(500);
  await page.screenshot({ path: image("console-sql") });

  await page.goto(`${base}/#/dead-letters`);
  await page
    .getByRole("navigation", { name: "Reasons" })
    .getByRole("button", { name: /type-mismatch/ })
    .click();
  await page.getByRole("region", { name: "Letters" }).getByRole("button").first().click();
  const letter = page.getByRole("article");
  const record = letter.getByRole("textbox", { name: "The record" });
  await record.fill((await record.inputValue()).replace(/"bid": *"[^"]*"/, '"bid":512.35'));
  await letter.getByRole("button", { name: "Preview" }).click();
  await letter.getByText("would be loaded").waitFor();
  await page.screenshot({ path: image("console-dead-letters") });

  await letter.getByRole("link", { name: "Trace it" }).click();
  await page.getByRole("region", { name: "Trace" }).getByText("row 0").first().waitFor();
  await page.getByRole("region", { name: "Audit of everything" }).getByRole("button").click();
  await page.locator(".table-bar").first().waitFor();
  await page.screenshot({ path: image("console-trace") });
}
