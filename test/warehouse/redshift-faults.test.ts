import { afterEach, describe, expect, test } from "vitest";
import type { TableModel } from "../../src/definition/model.js";
import type { LakeObject } from "../../src/delivery/flush.js";
import type { LoadRequest } from "../../src/warehouse/warehouse.js";
import { column, rowsOf, tableModel, writeObject } from "../loader/fixtures.js";
import { type DataApiFault, type DataApiOperation, type FaultyDataApi, faultyDataApi } from "./faulty-data-api.js";
import {
  LEDGER_SCHEMA,
  openRedshiftUnderTest,
  type RedshiftUnderTest,
  redshiftWarehouse,
} from "./redshift-under-test.js";

const table = tableModel();
const opened: RedshiftUnderTest[] = [];
afterEach(async () => {
  for (const under of opened.splice(0)) await under.close();
});

type Faults = Partial<Record<DataApiOperation, readonly DataApiFault[]>>;

interface Faulty extends RedshiftUnderTest {
  /** From now on, one a request of each kind; beyond them all is well. */
  fail(faults: Faults): void;
  readonly api: FaultyDataApi;
  transactions(): Promise<number>;
}

async function openFaulty(options: { throughputLimits?: boolean } = {}): Promise<Faulty> {
  let faults: Faults = {};
  const begun = new Map<DataApiOperation, number>();
  let api: FaultyDataApi | undefined;
  const under = await openRedshiftUnderTest(
    undefined,
    (door) => {
      api = faultyDataApi(door.client, (operation) => {
        const count = begun.get(operation) ?? 0;
        begun.set(operation, count + 1);
        return faults[operation]?.[count] ?? "none";
      });
      return { client: api };
    },
    options,
  );
  opened.push(under);
  await under.warehouse.applyTable(table);
  return {
    ...under,
    api: api!,
    fail: (given) => {
      faults = given;
      begun.clear();
    },
    transactions: async () => {
      const { rows } = await under.warehouse.query(`SELECT transactions FROM ${LEDGER_SCHEMA}.locks_quotes`);
      return Number(rows[0]?.[0]);
    },
  };
}

const request = (objects: readonly LakeObject[], more: Partial<LoadRequest> = {}): LoadRequest => ({
  table: table as TableModel,
  target: "quotes",
  objects,
  deadlineMs: 30_000,
  ...more,
});

describe("the Redshift driver, when its answers go wrong", () => {
  test("a batch that is said to be aborted and has committed is reported from the ledger, and not run again", async () => {
    const under = await openFaulty();
    const object = await writeObject(under.lake, { table, rows: rowsOf(1, 3) });
    under.fail({ DescribeStatement: ["said-aborted"] });
    const report = await under.warehouse.load(request([object]));
    expect(report.loaded).toMatchObject([{ key: object.key, rows: 3, loadedRows: 3 }]);
    expect(await under.rows("quotes")).toHaveLength(3);
    expect(await under.transactions()).toBe(1);
  });

  test("a batch that was aborted is run again, and leaves its rows once", async () => {
    const under = await openFaulty();
    const object = await writeObject(under.lake, { table, rows: rowsOf(1, 3) });
    under.fail({ BatchExecuteStatement: ["undone", "undone"] });
    await under.warehouse.load(request([object]));
    expect(await under.rows("quotes")).toHaveLength(3);
    expect(await under.transactions()).toBe(1);
  });

  test("a submission whose answer is lost is found again by its token", async () => {
    const under = await openFaulty();
    const object = await writeObject(under.lake, { table, rows: rowsOf(1, 3) });
    under.fail({ BatchExecuteStatement: ["lost-answer", "lost-request", "throttled"] });
    expect((await under.warehouse.load(request([object]))).loaded).toHaveLength(1);
    expect(await under.rows("quotes")).toHaveLength(3);
    expect(await under.transactions()).toBe(1);
  });

  test("descriptions and results that are lost, throttled or forgotten lose nothing", async () => {
    const under = await openFaulty();
    const [one, two, three] = await Promise.all(
      [1, 2, 3].map((flush) => writeObject(under.lake, { table, flush, rows: rowsOf(flush * 10, 3) })),
    );
    under.fail({ DescribeStatement: ["lost-answer", "throttled", "lost-request"] });
    expect((await under.warehouse.load(request([one!]))).loaded).toHaveLength(1);
    // The batch's own description is the first; nobody knows of it any more, so the ledger is asked.
    under.fail({ DescribeStatement: ["forgotten"] });
    expect((await under.warehouse.load(request([two!]))).loaded).toHaveLength(1);
    under.fail({ GetStatementResult: ["forgotten"] });
    expect((await under.warehouse.load(request([three!]))).loaded).toMatchObject([{ key: three!.key, loadedRows: 3 }]);
    expect(await under.rows("quotes")).toHaveLength(9);
  });

  test("a table is made and widened once, by whoever comes first, whatever becomes of the answers", async () => {
    const under = await openFaulty();
    const other = redshiftWarehouse(under.door);
    const next = tableModel({ name: "trades" });
    await Promise.all([under.warehouse.applyTable(next), other.applyTable(next), other.applyTable(next)]);
    const wider = { ...next, columns: [...next.columns, column("venue", { kind: "varchar", length: 4 })] };
    under.fail({
      BatchExecuteStatement: ["lost-answer", "none", "lost-answer"],
      DescribeStatement: ["said-aborted", "none", "said-aborted"],
    });
    await Promise.all([under.warehouse.applyTable(wider), other.applyTable(wider)]);
    expect((await under.warehouse.describeTable("trades"))?.map(({ name }) => name).slice(-2)).toEqual([
      "size",
      "venue",
    ]);
    const object = await writeObject(under.lake, { table: wider, key: "trades/1.parquet", rows: rowsOf(1, 2) });
    await under.warehouse.load({ ...request([object]), table: wider, target: "trades" });
    expect(await under.rows("trades")).toHaveLength(2);
  });

  test("the service's own throttling is waited out", async () => {
    const under = await openFaulty({ throughputLimits: true });
    const objects = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        writeObject(under.lake, { table, flush: at + 1, rows: rowsOf(at * 10 + 1, 2) }),
      ),
    );
    const reports = await Promise.all(objects.map((object) => under.warehouse.load(request([object]))));
    expect(reports.flatMap(({ loaded }) => loaded)).toHaveLength(8);
    expect(await under.rows("quotes")).toHaveLength(16);
  });

  test("a transaction that meets another (1023) is tried again until the other is over", async () => {
    const under = await openFaulty();
    const object = await writeObject(under.lake, { table, rows: rowsOf(1, 3) });
    const session = await under.door.engine.connect({ user: "penstock", database: "penstock" });
    const run = async (sql: string) => {
      for (const statement of session.parse(sql)) {
        const result = await session.execute(await session.prepare(statement));
        for await (const _ of result.rows) break;
      }
    };
    await run("BEGIN");
    await run(`UPDATE ${LEDGER_SCHEMA}.locks_quotes SET transactions = transactions + 1`);
    const loading = under.warehouse.load(request([object]));
    const submissions = () => under.api.sent.filter((one) => one === "BatchExecuteStatement").length;
    const before = submissions();
    while (submissions() < before + 3) await new Promise((resolve) => setTimeout(resolve, 20));
    await run("COMMIT");
    await session.close();
    expect((await loading).loaded).toHaveLength(1);
    expect(await under.rows("quotes")).toHaveLength(3);
  });

  test("duplicate events load once: two drivers, the same objects, in other orders", async () => {
    const under = await openFaulty();
    const other = redshiftWarehouse(under.door);
    const objects = await Promise.all(
      [1, 2, 3, 4].map((flush) => writeObject(under.lake, { table, flush, rows: rowsOf(flush * 10, 2) })),
    );
    const [a, b, c, d] = objects as [LakeObject, LakeObject, LakeObject, LakeObject];
    const reports = await Promise.all([
      under.warehouse.load(request([a, b, c])),
      other.load(request([c, b])),
      under.warehouse.load(request([d, a])),
      other.load(request([b, c, d])),
    ]);
    const loaded = reports.flatMap((report) => report.loaded.map(({ key }) => key));
    expect(loaded.toSorted()).toEqual(objects.map(({ key }) => key).toSorted());
    expect(await under.rows("quotes")).toHaveLength(8);
  });

  test("a batch that is not over by its deadline is cancelled: nothing of it is there, and it can be made again", async () => {
    const under = await openFaulty();
    const object = await writeObject(under.lake, { table, rows: rowsOf(1, 3) });
    under.fail({ BatchExecuteStatement: Array(10).fill("slow") });
    await expect(under.warehouse.load(request([object], { deadlineMs: 1500 }))).rejects.toMatchObject({
      code: "timeout",
    });
    under.fail({});
    expect(await under.rows("quotes")).toEqual([]);
    expect((await under.warehouse.ledger("quotes", [object.key])).size).toBe(0);
    expect((await under.warehouse.load(request([object]))).loaded).toHaveLength(1);
    expect(await under.rows("quotes")).toHaveLength(3);
  });

  test("a service that stops answering, after it has taken the batch, is asked through the ledger", async () => {
    const under = await openFaulty();
    const object = await writeObject(under.lake, { table, rows: rowsOf(1, 3) });
    // Beyond these the questions to the ledger are answered again.
    under.fail({ DescribeStatement: ["hang"], CancelStatement: ["hang"] });
    const report = await under.warehouse.load(request([object], { deadlineMs: 1500 }));
    expect(report.loaded).toMatchObject([{ key: object.key, loadedRows: 3 }]);
    expect(await under.rows("quotes")).toHaveLength(3);
  });

  test("a batch that was given up, and goes on, does not meet the next one twice", async () => {
    const under = await openFaulty();
    const object = await writeObject(under.lake, { table, rows: rowsOf(1, 3) });
    under.fail({
      BatchExecuteStatement: ["delayed"],
      DescribeStatement: Array(3).fill("hang"),
      CancelStatement: Array(10).fill("lost-request"),
      ExecuteStatement: Array(20).fill("throttled"),
    });
    const first = under.warehouse.load(request([object], { deadlineMs: 1000 })).then(
      ({ loaded }) => loaded.length,
      () => undefined,
    );
    const other = redshiftWarehouse(under.door);
    const second = await other.load(request([object], { deadlineMs: 50_000 }));
    // Whichever of them it was: the object is loaded by one.
    expect(((await first) ?? 1 - second.loaded.length) + second.loaded.length).toBe(1);
    expect([...second.already, ...second.loaded.map(({ key }) => key)]).toEqual([object.key]);
    expect((await other.query("SELECT COUNT(*) FROM quotes")).rows).toEqual([[3]]);
  });

  test("whoever stops waiting stops the batch", async () => {
    const under = await openFaulty();
    const object = await writeObject(under.lake, { table, rows: rowsOf(1, 3) });
    under.fail({ BatchExecuteStatement: ["slow"] });
    const stop = new AbortController();
    const loading = under.warehouse.load(request([object], { signal: stop.signal }));
    setTimeout(() => stop.abort(), 500);
    await expect(loading).rejects.toMatchObject({ code: "unavailable" });
    expect(await under.rows("quotes")).toEqual([]);
  });
});
