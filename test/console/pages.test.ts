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
    const letters = page.getByRole("region", { name: "Letters" }).getByRole("button");
    // Both before the reason was chosen.
    await expect.poll(() => letters.count()).toBe(1);
    await letters.first().click();
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

  it("SQL is asked with its names completed, stopped, saved and remembered, and an error shows its place", async (test) => {
    const { page, problems } = await open(test, "sql", [{ id: 1, price: 2.5, note: HOSTILE }]);
    const editor = page.getByRole("textbox", { name: "SQL" });
    const answer = page.getByRole("region", { name: "Answer" });
    await editor.fill("select id, note from orders; select nope from orders");
    await page.keyboard.press("Home");
    await page.keyboard.press("Control+Enter");
    await expect.poll(() => answer.getByRole("table").textContent()).toContain(HOSTILE);
    expect(await answer.getByRole("status").textContent()).toMatch(/^1 row in/);
    await editor.fill("select price, note from orders");
    await page.keyboard.press("Control+Enter");
    await expect.poll(() => answer.locator("tbody td.number").allTextContents()).toEqual(["2.50"]);
    await editor.fill("select id, note from orders; select nope from orders");

    await page.getByRole("button", { name: "Run all" }).click();
    await expect.poll(() => page.getByRole("alert").textContent()).toMatch(/nope/);
    await expect.poll(() => page.locator(".cm-wrong").textContent()).toBe("nope");

    await editor.fill("select pri");
    await page.keyboard.press("End");
    await page.keyboard.press("Control+Space");
    await expect.poll(() => page.locator(".cm-tooltip-autocomplete").textContent()).toContain("price");
    await page.keyboard.press("Escape");
    await editor.fill("select * from ord");
    await page.keyboard.press("End");
    await page.keyboard.press("Control+Space");
    await expect.poll(() => page.locator(".cm-tooltip-autocomplete").textContent()).toContain("orders");
    await page.keyboard.press("Escape");

    await editor.fill("explain select count(*) from orders where id = 1");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect.poll(() => answer.locator(".plan").textContent()).toMatch(/orders/);
    await editor.fill("select count(*) from orders where id = 1");
    await page.getByRole("tab", { name: "Picture" }).click();
    await page.getByRole("button", { name: "Explain analyze" }).click();
    await expect.poll(() => answer.locator(".plan").textContent()).toMatch(/Rows read: \d+ of \d+/);

    await editor.fill(
      "select a.id from generate_series(1, 100000000) as a(id), generate_series(1, 1000) as b(id) where a.id + b.id < 0",
    );
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await expect.poll(() => page.getByRole("alert").textContent()).toContain("Stopped");

    await page.getByRole("tab", { name: "History" }).click();
    await answer.getByRole("button", { name: /select id, note from orders/ }).click();
    await expect.poll(() => editor.textContent()).toBe("select id, note from orders");
    expect(await page.evaluate("window.broken")).toBeUndefined();
    expect(problems.filter((problem) => !/400|503/.test(problem))).toEqual([]);
  });

  it("a hundred thousand rows are scrolled through, with few of them in the page", async (test) => {
    const { page } = await open(test, "sql", [{ id: 1 }]);
    await page.getByRole("textbox", { name: "SQL" }).fill("select generate_series(1, 100000) as n");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    const grid = page.locator(".grid");
    await grid.waitFor();
    await expect.poll(() => grid.locator("tbody tr").count()).toBeLessThan(100);
    await grid.evaluate((element) => {
      element.scrollTop = element.scrollHeight;
    });
    await expect.poll(() => grid.textContent()).toContain("100000");
    await expect.poll(() => grid.locator("tbody tr").count()).toBeLessThan(100);
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "CSV" }).click();
    expect((await saved).suggestedFilename()).toBe("result.csv");
  });

  it("an answer is drawn and pinned, stays on the dashboard for others, and is taken off", async (test) => {
    const { page, pipeline, problems } = await open(
      test,
      "sql",
      Array.from({ length: 5 }, (_, id) => ({ id, price: id * 2, note: `n${id}` })),
    );
    await page.getByRole("textbox", { name: "SQL" }).fill("select note, price from orders order by 1");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("tab", { name: "Picture" }).click();
    await page.getByLabel("Draw").selectOption("bar");
    await page.getByLabel("Title").fill(HOSTILE);
    await page.getByRole("button", { name: "Pin to the dashboard" }).click();
    await expect.poll(() => page.getByRole("status").last().textContent()).toContain("on the dashboard");
    expect(await pipeline.instance.pins()).toMatchObject([{ title: HOSTILE, kind: "bar", x: "note", y: ["price"] }]);

    const other = await browser.newPage();
    test.onTestFinished(() => other.close());
    await other.goto(`${pipeline.instance.status().addresses.console}/#/dashboard`);
    await other.getByRole("img", { name: /5 points/ }).waitFor();
    await other.getByRole("button", { name: /off$/ }).click();
    await expect.poll(() => pipeline.instance.pins()).toEqual([]);
    await expect.poll(() => other.locator("main").textContent()).toContain("No charts yet");
    expect(await other.evaluate("window.broken")).toBeUndefined();
    expect(problems).toEqual([]);
  });

  it("names of 127 bytes and long values fit a narrow screen, and rows are scrolled by keyboard", async (test) => {
    if (missing !== undefined) test.skip(missing);
    const name = "n".repeat(127);
    const folder = await temporaryFolder();
    await writeDefinition(
      folder,
      `export default pipeline("long", { tables: [ table("${name}", { from: stream("orders"),
        columns: { id: integer(), ["${name}"]: varchar(65535) }, deliver: { bufferSeconds: 0 } }) ] });`,
    );
    const pipeline = await run(folder);
    await pipeline.put(
      "orders",
      Array.from({ length: 60 }, (_, id) => ({ id, [name]: id % 2 ? "x".repeat(60_000) : HOSTILE })),
    );
    await pipeline.instance.flush();
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    test.onTestFinished(() => page.close());
    const { console: url } = pipeline.instance.status().addresses;
    const overflow = () => page.evaluate("document.documentElement.scrollWidth - innerWidth");
    await page.goto(`${url}/#/`);
    const lane = page.getByRole("article", { name: `table ${name}` });
    await lane.getByRole("button", { name: "Loads: details" }).click();
    await page.locator("button.object").first().waitFor();
    expect(await overflow()).toBeLessThanOrEqual(0);
    // What the button says while a long audit counts, which here is over too soon to be seen.
    const audit = page.locator(".audit .again button");
    await expect.poll(() => audit.textContent()).toBe("Audit");
    await audit.evaluate((button, counting) => button.replaceChildren(counting), `Counting ${name}: 45 %`);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await page.goto(`${url}/#/trace`);
    await page.getByRole("region", { name: "Audit of everything" }).getByRole("button").click();
    await page.locator(".table-bar").waitFor();
    expect(await overflow()).toBeLessThanOrEqual(0);
    await page.goto(`${url}/#/tables`);
    await page.getByRole("button", { name: "Statistics" }).click();
    await expect.poll(() => page.locator("tbody").first().textContent()).toContain(HOSTILE);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await page.getByRole("button", { name: "Ask the advisor" }).click();
    const sizes = page.locator("td.sizes").first();
    await sizes.waitFor();
    await expect.poll(() => sizes.evaluate((cell) => cell.clientWidth)).toBeGreaterThan(350);
    expect(await page.getByRole("region", { name: "Advice" }).textContent()).not.toContain(";;");
    expect(await overflow()).toBeLessThanOrEqual(0);
    await page.goto(`${url}/#/sql`);
    await page.getByRole("textbox", { name: "SQL" }).fill(`select * from ${name}`);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    const grid = page.getByRole("group", { name: "Rows, to be scrolled" });
    await grid.focus();
    await page.keyboard.press("End");
    await expect.poll(() => grid.evaluate((element) => element.scrollTop)).toBeGreaterThan(0);
    expect(await overflow()).toBeLessThanOrEqual(0);
    expect(await page.evaluate("window.broken")).toBeUndefined();
  });

  it("keys lead to the pages, and the colours can be chosen", async (test) => {
    const { page } = await open(test, "", [{ id: 1 }]);
    await page.getByRole("article", { name: "table orders" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await expect.poll(() => page.evaluate("location.hash")).toBe("#/trace");
    await expect.poll(() => page.getByRole("link", { name: "Trace" }).getAttribute("aria-current")).toBe("page");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    const ground = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const before = await ground();
    await page.getByRole("button", { name: /system/ }).click();
    await page.getByRole("button", { name: /light/ }).click();
    await expect.poll(ground).not.toBe(before);
    await page.reload();
    await expect.poll(ground).not.toBe(before);
  });

  it("each stage shows its detail: shards, what the ledger has, and an object's footer", async (test) => {
    const { page, problems } = await open(test, "", [{ id: 1, price: 2.5, note: HOSTILE }, { id: 2 }]);
    const lane = page.getByRole("article", { name: "table orders" });
    await lane.getByRole("button", { name: "Stream: details" }).click();
    const shards = page.getByRole("region", { name: "Stream of orders" });
    await expect.poll(() => shards.textContent()).toContain("shardId-000000000001");
    // A record of each shard, or both of one: delivery reads on behind them.
    const sum = async (column: number) =>
      (await shards.locator(`tbody td:nth-child(${column})`).allTextContents()).reduce(
        (total, cell) => total + Number(cell),
        0,
      );
    await expect.poll(() => sum(6)).toBe(2);
    await expect.poll(async () => (await sum(7)) - (await sum(5))).toBe(2);
    await lane.getByRole("button", { name: "Lake: details" }).click();
    const lake = page.getByRole("region", { name: "Lake of orders" });
    await lake.locator("button.object").first().click();
    const object = lake.getByRole("region", { name: "Object" });
    await expect.poll(() => object.textContent()).toMatch(/rows in 1 row group /);
    await expect.poll(() => object.locator("tbody tr").count()).toBe(7);
    await lane.getByRole("button", { name: "Lake: details" }).click();
    await expect.poll(() => lake.count()).toBe(0);
    await lane.getByRole("button", { name: "Loads: details" }).click();
    const loads = page.getByRole("region", { name: "Loads of orders" });
    await loads.locator("button.object").first().click();
    const load = loads.getByRole("region", { name: "Load", exact: true });
    await expect.poll(() => load.locator(".timeline").textContent()).toMatch(/delivered to the lake.*began.*committed/);
    await load.locator("summary", { hasText: 'INSERT INTO main."orders"' }).click();
    await expect.poll(() => load.locator("details[open] pre").textContent()).toContain("read_parquet");
    await lane.getByRole("button", { name: "Delivery: details" }).click();
    await expect
      .poll(() => page.getByRole("region", { name: "Delivery of orders" }).textContent())
      .toContain("2 rows were delivered");
    expect(await page.evaluate("window.broken")).toBeUndefined();
    expect(problems).toEqual([]);
  });
});
