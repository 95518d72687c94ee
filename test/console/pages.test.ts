import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { type RunningPipeline, run, temporaryFolder, writeDefinition } from "../runtime/running-pipeline.js";

const CHROMIUM = "/usr/bin/chromium";
const BUILT = fileURLToPath(new URL("../../console/dist/index.html", import.meta.url));
const missing = !existsSync(CHROMIUM)
  ? `no browser at ${CHROMIUM} (apt-get install chromium)`
  : !existsSync(BUILT)
    ? "the console is not built (npm run build)"
    : undefined;

const DEFINITION = `export default pipeline("shop", { tables: [ table("orders", {
  from: stream("orders", { shards: 2 }), columns: { id: integer().notNull(), price: decimal(8, 2), note: varchar(40) },
  sortKey: ["id"], deliver: { bufferSeconds: 0 } }) ] });`;
const HOSTILE = '<img src=x onerror="window.broken=1">';

/** The pages over a pipeline that runs, with its real journal, lake and warehouse. */
describe("the console's pages", () => {
  let browser: Browser;
  beforeAll(async () => {
    if (missing !== undefined) return;
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
  });
  afterAll(() => browser?.close());

  async function open(
    test: TestContext,
    path: string,
    records: readonly (string | object)[],
  ): Promise<{ page: Page; pipeline: RunningPipeline; sequences: readonly string[]; problems: string[] }> {
    if (missing !== undefined) test.skip(missing);
    const folder = await temporaryFolder();
    await writeDefinition(folder, DEFINITION);
    const pipeline = await run(folder);
    const sequences = await pipeline.put("orders", records);
    await pipeline.instance.flush();
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    test.onTestFinished(() => page.close());
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await page.goto(`${pipeline.instance.status().addresses.console}/#/${path}`);
    return { page, pipeline, sequences, problems };
  }

  it("a dead letter is found by its reason, mended, looked at and loaded", async (test) => {
    const { page, pipeline, problems } = await open(test, "dead-letters", [
      { id: 1, price: 2.5, note: "good" },
      { id: 2, price: "dear", note: HOSTILE },
      "not JSON",
    ]);
    await page
      .getByRole("navigation", { name: "Reasons" })
      .getByRole("button", { name: /type-mismatch/ })
      .click();
    await page.getByRole("region", { name: "Letters" }).getByRole("button").first().click();
    const letter = page.getByRole("article");
    expect(await letter.locator(".at-fault").textContent()).toContain('price "dear"');
    const record = letter.getByRole("textbox", { name: "The record" });
    expect(JSON.parse(await record.inputValue())).toMatchObject({ note: HOSTILE });
    await record.fill(JSON.stringify({ id: 2, price: 9.75, note: HOSTILE }));
    await letter.getByRole("button", { name: "Preview" }).click();
    await expect.poll(() => letter.getByRole("status").textContent()).toContain("1 would be loaded");
    expect(await letter.getByRole("status").locator("tbody").textContent()).toBe(`29.75${HOSTILE}`);
    expect(await pipeline.rows("select count(*) from orders")).toEqual([[1]]);
    await letter.getByRole("button", { name: "Redrive as edited" }).click();
    await expect.poll(() => letter.getByRole("status").textContent()).toContain("1 loaded");
    expect(await pipeline.rows("select price, note from orders where id = 2")).toEqual([["9.75", HOSTILE]]);
    await expect
      .poll(() => page.getByRole("navigation", { name: "Reasons" }).textContent())
      .not.toContain("type-mismatch");
    expect(await page.evaluate("window.broken")).toBeUndefined();
    expect(problems).toEqual([]);
  });

  it("all letters of a reason are changed at once, after a preview", async (test) => {
    const { page, pipeline } = await open(
      test,
      "dead-letters",
      Array.from({ length: 12 }, (_, id) => ({ id, price: `EUR ${id}.50` })),
    );
    await page
      .getByRole("navigation", { name: "Reasons" })
      .getByRole("button", { name: /type-mismatch/ })
      .click();
    const many = page.getByRole("region", { name: "All of this reason" });
    await many.getByLabel("Find").fill("EUR (\\d");
    await many.getByLabel("regular expression").check();
    await expect.poll(() => many.textContent()).toMatch(/Invalid regular expression/);
    await many.getByLabel("Find").fill("EUR (\\d+)");
    await many.getByLabel("Put").fill("$1");
    await expect.poll(() => many.textContent()).toContain("It changes 12 records");
    const redrive = many.getByRole("button", { name: "Redrive the 12 changed" });
    expect(await redrive.isDisabled()).toBe(true);
    await many.getByRole("button", { name: "Preview" }).click();
    await expect.poll(() => many.getByRole("status").textContent()).toContain("12 would be loaded");
    await redrive.click();
    await expect.poll(() => pipeline.rows("select count(*), sum(price) from orders")).toEqual([[12, "72.00"]]);
  });

  it("a record is followed by its number, by a key of the stream and by a row of a table", async (test) => {
    const { page, sequences, problems } = await open(test, "trace", [
      { id: 7, price: 1 },
      { id: 8, price: "dear" },
    ]);
    const trace = page.getByRole("region", { name: "Trace" });
    await page.getByRole("textbox", { name: "Sequence number" }).fill(sequences[0]!);
    await page.getByRole("button", { name: "Trace", exact: true }).click();
    await expect.poll(() => trace.textContent()).toContain("row 0: loaded");
    expect(await trace.textContent()).toContain(sequences[0]!);

    await page.getByLabel("Partition key", { exact: true }).first().check();
    await page.getByRole("textbox", { name: "Partition key" }).fill("key 1");
    await page.getByRole("button", { name: "Find" }).click();
    await page.locator(".candidates button").click();
    await expect.poll(() => trace.textContent()).toContain("row 0: a dead letter");

    await page.getByLabel("Row of a table").check();
    await page.getByRole("combobox", { name: "Column" }).selectOption("id");
    await page.getByRole("textbox", { name: "Value" }).fill("7");
    await page.getByRole("button", { name: "Find" }).click();
    await page.locator(".candidates button").click();
    await expect.poll(() => trace.textContent()).toContain("row 0: loaded");

    const audit = page.getByRole("region", { name: "Audit of everything" });
    await audit.getByRole("button").click();
    await expect.poll(() => audit.textContent()).toMatch(/2 records acked; lost 0, duplicated 0/);
    expect(await audit.textContent()).toContain("1 loaded · 1 dead letters");
    expect(problems).toEqual([]);
  });

  it("a record that was never acked is said to be none", async (test) => {
    const { page } = await open(test, "trace?sequence=4711", [{ id: 1 }]);
    await expect
      .poll(() => page.getByRole("region", { name: "Trace" }).getByRole("alert").textContent())
      .toMatch(/4711/);
  });

  it("tables show how they are laid out and what is in them", async (test) => {
    const { page, problems } = await open(test, "tables", [
      { id: 1, price: 2.5, note: HOSTILE },
      { id: 2, price: 4.25 },
    ]);
    const table = page.getByRole("region", { name: "Table public.orders" });
    await expect.poll(() => table.textContent()).toContain("fed from orders");
    await expect.poll(() => table.locator("tbody tr").count()).toBe(7);
    await table.getByRole("button", { name: "Statistics" }).click();
    await expect.poll(() => table.locator("tbody").textContent()).toContain(HOSTILE);
    const cells = await table.locator("tbody tr", { hasText: "price" }).locator("td").allTextContents();
    expect(cells.slice(4)).toEqual(["0", "2", "2.50", "4.25"]);
    expect(await page.evaluate("window.broken")).toBeUndefined();
    expect(problems).toEqual([]);
  });
});
