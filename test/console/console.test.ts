import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { type ControlServer, controlServer } from "../../src/api/control/server.js";
import { movingInstance } from "../fixtures/moving-instance.js";
import { auditReport, badLetter } from "../fixtures/pipeline-instance.js";

const CHROMIUM = "/usr/bin/chromium";
const BUILT = fileURLToPath(new URL("../../console/dist/index.html", import.meta.url));
const missing = !existsSync(CHROMIUM)
  ? `no browser at ${CHROMIUM} (apt-get install chromium)`
  : !existsSync(BUILT)
    ? "the console is not built (npm run build)"
    : undefined;

const HOSTILE = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>';

describe("the console in a real browser", () => {
  let profile: string;
  let context: BrowserContext;
  const closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    if (missing !== undefined) return;
    profile = await mkdtemp(join(tmpdir(), "penstock-browser-"));
    context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      headless: true,
      viewport: { width: 1280, height: 900 },
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
  });
  afterAll(async () => {
    await context?.close();
    for (const close of closing) await close();
    if (profile !== undefined) await rm(profile, { recursive: true, force: true });
  });

  async function open(
    test: TestContext,
    overrides: Parameters<typeof movingInstance>[0] = {},
  ): Promise<{ page: Page; server: ControlServer; problems: string[] }> {
    if (missing !== undefined) test.skip(missing);
    const server = await controlServer({
      instance: movingInstance(overrides),
      host: "127.0.0.1",
      port: 0,
      log: pino({ level: "silent" }),
    });
    closing.push(() => server.close());
    const page = await context.newPage();
    closing.unshift(() => page.close());
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await page.goto(server.url);
    return { page, server, problems };
  }

  it("shows the data's way and moves with it, without a fault on the page", async (test) => {
    const { page, problems } = await open(test);
    const lane = page.getByRole("article", { name: "table quotes" });
    await lane.waitFor();
    for (const word of ["records/s", "Buffer", "Dead", "Pending", "Fresh to"]) {
      expect(await lane.getByText(word).first().isVisible(), word).toBe(true);
    }
    const loaded = lane.locator(".stage").last().locator(".big");
    const before = await loaded.textContent();
    await expect.poll(() => loaded.textContent(), { timeout: 20_000 }).not.toBe(before);
    expect(await page.getByRole("status").textContent()).toContain("live");
    expect(await page.title()).toBe("market · Penstock");
    expect(problems).toEqual([]);
  });

  it("draws the definition's chart from SQL, and draws it again as rows come", async (test) => {
    const { page } = await open(test);
    const chart = page.getByRole("region", { name: "SPY bid" });
    await chart.locator("canvas").waitFor();
    const picture = () => page.evaluate("document.querySelector('.chart canvas').toDataURL()");
    const before = await picture();
    await expect.poll(picture, { timeout: 20_000 }).not.toBe(before);
    await expect.poll(() => chart.locator(".legend").textContent()).toMatch(/bid 51\d\.\d+ USD.*ask 51\d\.\d+ USD/);
  });

  it("says what is wrong with a chart's SQL in its place", async (test) => {
    const { page } = await open(test, {
      query: async () => ({ columns: [{ name: "x", type: "INTEGER" }], rows: [[1]], truncated: false, tookMs: 1 }),
    });
    await expect.poll(() => page.getByRole("alert").textContent()).toContain("no column quoted_at");
  });

  it("audits by itself and at the button, and shows a loss in words", async (test) => {
    let lost = 0;
    const { page } = await open(test, {
      audit: async () => auditReport({ lost, ok: lost === 0, findings: lost === 0 ? [] : ["quotes: 3 rows lost"] }),
    });
    const audit = page.getByRole("region", { name: "Audit" });
    await expect.poll(() => audit.textContent()).toContain("All accounted for");
    expect(await audit.textContent()).toMatch(/lost0.*duplicated0/);
    lost = 3;
    await audit.getByRole("button", { name: "Audit" }).press("Enter");
    await expect.poll(() => audit.textContent()).toContain("Not all accounted for");
    expect(await audit.textContent()).toContain("quotes: 3 rows lost");
  });

  it("shows what a record holds as text, and never runs it", async (test) => {
    const letter = {
      ...badLetter,
      message: `symbol is ${HOSTILE}`,
      rawBase64: Buffer.from(HOSTILE).toString("base64"),
    };
    const { page, problems } = await open(test, {
      deadLetters: async () => ({
        groups: [{ table: HOSTILE, code: HOSTILE, column: HOSTILE, count: 12 }],
        letters: [letter],
      }),
    });
    await page.getByRole("button", { name: /symbol is/ }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.locator("pre").textContent()).toBe(HOSTILE);
    expect(await dialog.textContent()).toContain(badLetter.sequenceNumber);
    expect(await page.evaluate("window.broken")).toBeUndefined();
    expect(await page.locator("main img, main script").count()).toBe(0);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    expect(problems).toEqual([]);
  });

  it("says plainly that it is not connected, keeps what it knew, and comes back by itself", async (test) => {
    const { page, server } = await open(test);
    await page.getByRole("article", { name: "table quotes" }).waitFor();
    await server.close();
    await expect.poll(() => page.getByRole("status").textContent(), { timeout: 20_000 }).toContain("not connected");
    expect(await page.getByRole("article", { name: "table quotes" }).isVisible()).toBe(true);
    const again = await controlServer({
      instance: movingInstance(),
      host: "127.0.0.1",
      port: server.port,
      log: pino({ level: "silent" }),
    });
    closing.push(() => again.close());
    await expect.poll(() => page.getByRole("status").textContent(), { timeout: 20_000 }).toContain("live");
  });

  it("fits a narrow screen without scrolling sideways", async (test) => {
    const { page } = await open(test);
    await page.setViewportSize({ width: 360, height: 780 });
    await page.getByRole("article", { name: "table quotes" }).waitFor();
    const width = await page.evaluate("document.documentElement.scrollWidth");
    expect(width).toBeLessThanOrEqual(360);
  });

  it("loads nothing from anywhere else", async (test) => {
    const { page, server } = await open(test);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.reload();
    await page.getByRole("article", { name: "table quotes" }).waitFor();
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.filter((url) => !url.startsWith(server.url))).toEqual([]);
  });
});
