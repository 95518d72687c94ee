import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { AdviseBody, ShadowBody, TableAdvice } from "../../src/api/control/contract.js";
import { pipelineInstance } from "../fixtures/pipeline-instance.js";
import { runningStage, stage } from "./stage.js";

describe("penstock advise", () => {
  test("prints encodings, keys, reasons, DDL and patch; asks each table of the definition where none is named", async () => {
    const asked: AdviseBody[] = [];
    const { advise } = pipelineInstance();
    const running = await runningStage({
      instance: {
        advise: (body) => {
          asked.push(body);
          return advise(body);
        },
      },
    });
    const all = await running.run(["advise"]);
    expect(all.code).toBe(0);
    expect(asked).toEqual([{ table: "prices" }, { table: "quotes" }]);
    expect(all.stdout).toContain("compound (symbol, quoted_at)");
    expect(all.stdout).toContain('+  distStyle: "even",');
    await writeFile(join(running.directory, "q.sql"), "select 1 from quotes;\nselect 2 from quotes where bid > 1;");
    const one = await running.run([
      "advise",
      "quotes",
      "--queries",
      "q.sql",
      "--slices",
      "4",
      "--rows",
      "1000",
      "--expected-rows",
      "5000000",
      "--sql",
    ]);
    expect(one.stdout).toMatch(/^CREATE TABLE public\.quotes/);
    expect(asked.at(-1)).toEqual({
      table: "quotes",
      rows: 1000,
      slices: 4,
      expectedRows: 5_000_000,
      statements: ["select 1 from quotes", "select 2 from quotes where bid > 1"],
    });
    const json = JSON.parse((await running.run(["advise", "quotes", "--json"])).stdout) as TableAdvice[];
    expect(json).toHaveLength(1);
    expect(json[0]!.columns[0]!.sizes[0]).toEqual({ encoding: "raw", sizeBytes: 350_000, by: "encoder" });
  });

  test("a shadow prints before, after and their ratio", async () => {
    const asked: ShadowBody[] = [];
    const { shadow } = pipelineInstance();
    const running = await runningStage({
      instance: {
        shadow: (body) => {
          asked.push(body);
          return shadow(body);
        },
      },
    });
    const { code, stdout } = await running.run(["advise", "quotes", "--apply-shadow", "--keep"]);
    expect(code).toBe(0);
    expect(asked).toEqual([{ table: "quotes", keep: true }]);
    expect(stdout).toContain("3.00 x");
    expect(stdout).toContain("DROP TABLE penstock_shadow.quotes");
    expect((await running.run(["advise", "--apply-shadow"])).code).toBe(2);
    expect((await running.run(["advise", "quotes", "--keep"])).code).toBe(2);
    expect((await running.run(["advise", "quotes", "--rows", "5"])).code).toBe(2);
  });

  test("a file of rows is enough, by the types that its values suggest", async () => {
    const { run, directory } = await stage();
    const lines = Array.from({ length: 3000 }, (_, row) =>
      [
        row,
        `2026-01-${String(1 + (row % 28)).padStart(2, "0")}`,
        row % 2 === 0 ? "open" : "closed",
        (row % 97) / 4,
      ].join(","),
    );
    await writeFile(join(directory, "Orders 2026.csv"), `id,day,state,price\n${lines.join("\n")}\n`);
    await writeFile(join(directory, "q.sql"), "select * from orders_2026 where day = '2026-01-05'");
    const { code, stdout, stderr } = await run(["advise", "--sample", "Orders 2026.csv", "--queries", "q.sql"]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("orders_2026: 3,000 rows sampled from the file (3,000 rows in all)");
    expect(stdout).toMatch(
      /CREATE TABLE public\.orders_2026 \(\n {2}id SMALLINT ENCODE \w+ NOT NULL,\n {2}day DATE ENCODE RAW NOT NULL,\n {2}state VARCHAR\(8\)/,
    );
    expect(stdout).toContain("COMPOUND SORTKEY (day)");
    const missing = await run(["advise", "--sample", "nothing.csv"]);
    expect(missing).toMatchObject({ code: 2, stdout: "" });
    expect(missing.stderr).toContain("Cannot read");
    expect((await run(["advise", "--sample", "q.sql"])).stderr).toContain("is of no known kind");
  });

  test("a file of a definition's table has the definition's types, and a patch for it", async () => {
    const { run, directory } = await stage();
    await writeFile(
      join(directory, "penstock.ts"),
      `import { integer, json, pipeline, stream, table, varchar } from "penstock";
       export default pipeline("shop", { tables: [table("orders", { from: stream("orders"), format: json(),
         columns: { id: integer().notNull(), state: varchar(40).path("$.status") } })] });`,
    );
    const lines = Array.from({ length: 2000 }, (_, row) => JSON.stringify({ id: row, status: `state ${row % 3}` }));
    await writeFile(join(directory, "orders.ndjson"), lines.join("\n"));
    const { code, stdout, stderr } = await run(["advise", "orders", "--sample", "orders.ndjson"]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("state VARCHAR(40) ENCODE");
    expect(stdout).toContain('-    state: varchar(40).path(["status"]),');
    expect((await run(["advise", "other", "--sample", "orders.ndjson", "--definition", "."])).stderr).toContain(
      "has no table other",
    );
  });
});

describe("penstock forecast", () => {
  test("reckons a definition at a rate, and at ten times it", async () => {
    const { run, directory } = await stage();
    await writeFile(
      join(directory, "penstock.ts"),
      `import { integer, json, pipeline, stream, table } from "penstock";
       export default pipeline("shop", { tables: [table("orders", { from: stream("orders"), format: json(), columns: { id: integer() } })] });`,
    );
    const { code, stdout } = await run(["forecast", ".", "--records-per-second", "20", "--bytes-per-record", "300"]);
    expect(code).toBe(0);
    expect(stdout).toContain("orders: shards needed");
    expect(stdout).toContain("17.1 x");
    expect(stdout).toContain("A plain PostgreSQL would do");
    expect(stdout).toContain("https://aws.amazon.com/redshift/pricing/");
    const json = JSON.parse(
      (
        await run([
          "forecast",
          ".",
          "--records-per-second",
          "20",
          "--bytes-per-record",
          "300",
          "--times",
          "100",
          "--json",
        ])
      ).stdout,
    );
    expect(json.later.factor).toBe(100);
    expect(json.later.streams[0].recordsPerSecond).toBe(2000);
    expect(json.sources).toContain("https://aws.amazon.com/firehose/pricing/");
    expect((await run(["forecast", "."])).code).toBe(2);
    const slow = await run(["forecast", ".", "--records-per-second", "20", "--bytes-per-record", "300", "--ra3"]);
    expect(slow.stdout).toContain("The cluster runs all day");
  });

  test("takes the running instance's present rate, and says when there is none", async () => {
    const running = await runningStage();
    const { code, stdout } = await running.run(["forecast"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/quotes: records +[\d,.]+\/s/);
    const still = await runningStage({
      instance: {
        status: () => {
          const status = pipelineInstance().status();
          return {
            ...status,
            streams: status.streams.map((stream) => ({ ...stream, recordsPerSecond: 0, bytesPerSecond: 0 })),
          };
        },
      },
    });
    const refused = await still.run(["forecast"]);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain("there is no present rate");
    expect((await still.run(["forecast", "--records-per-second", "10", "--bytes-per-record", "100"])).code).toBe(0);
  });
});
