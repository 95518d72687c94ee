import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import type { AdviseBody, ShadowBody } from "../../../src/api/control/contract.js";
import { controlServer } from "../../../src/api/control/server.js";
import { PenstockError } from "../../../src/core/errors.js";
import { pipelineInstance } from "../../fixtures/pipeline-instance.js";

async function serve() {
  const asked: (AdviseBody | ShadowBody)[] = [];
  const before = pipelineInstance();
  const server = await controlServer({
    instance: pipelineInstance({
      advise: async (body) => {
        asked.push(body);
        if (body.table === "nowhere") throw new PenstockError("not-found", "There is no table public.nowhere.");
        return before.advise(body);
      },
      shadow: async (body) => {
        asked.push(body);
        return before.shadow(body);
      },
    }),
    host: "127.0.0.1",
    port: 0,
    log: pino({ level: "silent" }),
  });
  onTestFinished(() => server.close());
  const ask = async (path: string, body?: unknown) => {
    const response = await fetch(
      `${server.url}/api/${path}`,
      body === undefined
        ? {}
        : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
    );
    return { status: response.status, body: await response.json() };
  };
  return { asked, ask };
}

describe("the control door of the advisor", () => {
  test("advises by query string and by body", async () => {
    const { asked, ask } = await serve();
    const got = await ask("advise?table=quotes&rows=1000&slices=4&expectedRows=5000000");
    expect(got.status).toBe(200);
    expect(got.body).toMatchObject({ table: "quotes", sortKey: { best: { style: "compound" } } });
    const body = { table: "quotes", statements: ["select 1 from quotes"] };
    expect((await ask("advise", body)).status).toBe(200);
    expect(asked).toEqual([{ table: "quotes", rows: 1000, slices: 4, expectedRows: 5_000_000 }, body]);
  });

  test("builds a shadow", async () => {
    const { asked, ask } = await serve();
    const got = await ask("advise/shadow", { table: "quotes", keep: true });
    expect(got.body).toMatchObject({ shadow: "penstock_shadow.quotes", kept: true, ratio: 3 });
    expect(asked).toEqual([{ table: "quotes", keep: true }]);
  });

  test("refuses what it does not understand", async () => {
    const { asked, ask } = await serve();
    expect((await ask("advise")).status).toBe(400);
    expect((await ask("advise?table=quotes&rows=1")).status).toBe(400);
    expect((await ask("advise?table=quotes&slices=many")).status).toBe(400);
    expect((await ask("advise", { table: "quotes", statements: "select 1" })).status).toBe(400);
    expect((await ask("advise", { table: "quotes", tabel: 1 })).status).toBe(400);
    expect((await ask("advise/shadow", { table: "quotes", keep: "yes" })).status).toBe(400);
    expect(asked).toEqual([]);
    expect(await ask("advise?table=nowhere")).toMatchObject({ status: 404, body: { error: { code: "not-found" } } });
  });
});
