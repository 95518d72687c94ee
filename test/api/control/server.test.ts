import { request } from "node:http";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import type { PipelineInstance } from "../../../src/api/control/instance.js";
import { type ControlServer, type ControlServerOptions, controlServer } from "../../../src/api/control/server.js";
import { PenstockError } from "../../../src/core/errors.js";
import { badLetter, marketModel, pipelineInstance, pipelineStatus } from "../../fixtures/pipeline-instance.js";

const open: ControlServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve(instance: Partial<PipelineInstance> = {}, options: Partial<ControlServerOptions> = {}) {
  const server = await controlServer({
    instance: pipelineInstance(instance),
    host: "127.0.0.1",
    port: 0,
    log: pino({ level: "silent" }),
    ...options,
  });
  open.push(server);
  return server;
}

/** By hand: fetch sets the headers that these tests are about itself. */
function ask(
  server: ControlServer,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
  body?: string,
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port: server.port, path, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

const post = (server: ControlServer, path: string, body: unknown) =>
  ask(server, path, { "content-type": "application/json" }, "POST", JSON.stringify(body));

describe("the control server answers", () => {
  it("the status, the model with its charts, and the metrics", async () => {
    const server = await serve();
    expect(JSON.parse((await ask(server, "/api/status")).body)).toEqual(pipelineStatus());
    const model = JSON.parse((await ask(server, "/api/model")).body);
    expect(model).toMatchObject({ name: "market", charts: marketModel.charts });
    expect(model.tables.map((table: { name: string }) => table.name)).toEqual(["prices", "quotes"]);
    const metrics = await ask(server, "/metrics");
    expect(metrics.headers["content-type"]).toContain("text/plain; version=0.0.4");
    expect(metrics.body).toContain("penstock_records_total 1");
  });

  it("a query with its limits filled in", async () => {
    let asked: unknown;
    const server = await serve({
      query: async (body) => {
        asked = body;
        return { columns: [], rows: [], truncated: false, tookMs: 1 };
      },
    });
    expect((await post(server, "/api/query", { sql: "select 1", rowsMax: 5 })).status).toBe(200);
    expect(asked).toEqual({ sql: "select 1", rowsMax: 5, timeoutMs: 60_000 });
  });

  it("a query is stopped when its asker goes away", async () => {
    let began = () => {};
    const beginning = new Promise<void>((resolve) => {
      began = resolve;
    });
    let stopped = () => {};
    const stopping = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    const server = await serve({
      query: (_body, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            stopped();
            reject(signal.reason);
          });
          began();
        }),
    });
    const leaving = new AbortController();
    const asking = fetch(`${server.url}/api/query`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"sql":"select 1"}',
      signal: leaving.signal,
    }).catch(() => "gone");
    await beginning;
    leaving.abort();
    await stopping;
    expect(await asking).toBe("gone");
  });

  it("a dead letter by its id, which holds slashes", async () => {
    const server = await serve();
    const path = `/api/dead-letters/${encodeURIComponent(badLetter.id)}`;
    expect(JSON.parse((await ask(server, path)).body)).toEqual(badLetter);
    const absent = await ask(server, "/api/dead-letters/quotes%2Fnone");
    expect([absent.status, JSON.parse(absent.body).error.code]).toEqual([404, "not-found"]);
  });

  it("dead letters, filtered as asked", async () => {
    let asked: unknown;
    const server = await serve({
      deadLetters: async (filter) => {
        asked = filter;
        return { groups: [], letters: [] };
      },
    });
    await ask(server, "/api/dead-letters?table=quotes&limit=7&after=x");
    expect(asked).toEqual({ table: "quotes", limit: 7, after: "x" });
    await ask(server, "/api/dead-letters?limit=7&order=newest");
    expect(asked).toEqual({ limit: 7, newestFirst: true });
    const sideways = await ask(server, "/api/dead-letters?order=sideways");
    expect([sideways.status, JSON.parse(sideways.body).error.message]).toEqual([400, 'order is "sideways".']);
    const far = await ask(server, "/api/dead-letters?limit=100000");
    expect(far.status).toBe(400);
    expect(JSON.parse(far.body).error.message).toContain("from 1 to 1000");
  });

  it("a replay as lines that end with done", async () => {
    const server = await serve();
    const lines = (await post(server, "/api/replay", { table: "quotes", from: "stream" })).body.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).state)).toEqual(["running", "done"]);
  });

  it("a replay that is refused with a status, and one that fails on its way with a last line", async () => {
    const refused = await serve({
      replay: async () => {
        throw new PenstockError("not-found", "There is no table nope.", { hint: "Name another." });
      },
    });
    const answer = await post(refused, "/api/replay", { table: "nope", from: "lake" });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toEqual({
      error: { code: "not-found", message: "There is no table nope.", hint: "Name another." },
    });
    const failing = await serve({
      replay: async (_body, onProgress) => {
        onProgress({
          state: "running",
          recordsTotal: 9,
          recordsRead: 1,
          rowsLoaded: 0,
          rowsSkipped: 0,
          deadLetters: 0,
          rowsFiltered: 0,
        });
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw new PenstockError("timeout", "Too slow.");
      },
    });
    const late = await post(failing, "/api/replay", { table: "quotes", from: "lake" });
    expect(late.status).toBe(200);
    expect(JSON.parse(late.body.trim().split("\n").at(-1)!).error.code).toBe("timeout");
  });

  it("a trace, or that there is no such record", async () => {
    const server = await serve();
    expect(JSON.parse((await ask(server, "/api/trace?sequence=4711")).body).sequence).toBe(4711);
    expect((await ask(server, "/api/trace?sequence=12")).status).toBe(404);
    expect((await ask(server, "/api/trace?sequence=DROP")).status).toBe(400);
  });

  it("status events to every listener, each second, and ends them when it closes", async () => {
    let asked = 0;
    const server = await serve({
      status: () => {
        asked++;
        return pipelineStatus({ atMs: asked });
      },
    });
    const read = async () => {
      const response = await fetch(`${server.url}/api/events`);
      expect(response.headers.get("content-type")).toContain("text/event-stream");
      const decoder = new TextDecoder();
      let text = "";
      for await (const part of response.body!) {
        text += decoder.decode(part, { stream: true });
        if (text.split("event: status").length > 3) break;
      }
      return text;
    };
    for (const text of await Promise.all([read(), read()])) {
      expect(text).toContain("retry: 1000");
      const times = [...text.matchAll(/data: (.+)\n\n/g)].map((match) => JSON.parse(match[1]!).atMs);
      expect(times.length).toBeGreaterThanOrEqual(3);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });
});

describe("the control server refuses", () => {
  it("a body that the contract does not know, naming the field", async () => {
    const server = await serve();
    const cases: [string, unknown, string][] = [
      ["/api/query", { sql: "" }, "`sql`"],
      ["/api/query", { sql: 5 }, "`sql`"],
      ["/api/query", { sql: "select 1", rowsMax: -1 }, "`rowsMax`"],
      ["/api/query", [], "JSON object"],
      ["/api/redrive", { dryrun: true }, '"dryrun"'],
      ["/api/redrive", { ids: [1] }, "`ids`"],
      ["/api/replay", { table: "quotes" }, "`from`"],
      ["/api/replay", { table: "quotes", from: "lake", sinceMs: "now" }, "`sinceMs`"],
    ];
    for (const [path, body, said] of cases) {
      const answer = await post(server, path, body);
      expect([answer.status, JSON.parse(answer.body).error.code], `${path} ${said}`).toEqual([400, "invalid-argument"]);
      expect(JSON.parse(answer.body).error.message).toContain(said);
    }
  });

  it("what is not JSON, and what is too large", async () => {
    const server = await serve();
    const asText = await ask(server, "/api/query", { "content-type": "text/plain" }, "POST", '{"sql":"select 1"}');
    expect(asText.status).toBe(415);
    const broken = await ask(server, "/api/query", { "content-type": "application/json" }, "POST", '{"sql":');
    expect([broken.status, JSON.parse(broken.body).error.code]).toEqual([400, "invalid-argument"]);
    const large = await fetch(`${server.url}/api/query`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sql: "x".repeat(9_000_000) }),
    });
    expect(large.status).toBe(413);
  });

  it("a foreign Host, whatever it asks for", async () => {
    const server = await serve();
    for (const host of [
      "evil.example",
      "evil.example:4580",
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "192.168.0.9",
    ]) {
      for (const path of ["/", "/api/status", "/metrics", "/healthz"]) {
        const answer = await ask(server, path, { host });
        expect([host, path, answer.status]).toEqual([host, path, 403]);
        expect(answer.body).not.toContain("quotes");
      }
    }
    for (const host of ["localhost", `localhost:${server.port}`, "127.0.0.1:1", "[::1]:4580"]) {
      expect((await ask(server, "/api/status", { host })).status, host).toBe(200);
    }
  });

  it("an allowed name is no longer foreign", async () => {
    const server = await serve({}, { allowedHosts: ["penstock.internal"] });
    expect((await ask(server, "/api/status", { host: "penstock.internal:80" })).status).toBe(200);
    expect((await ask(server, "/api/status", { host: "other.internal" })).status).toBe(403);
  });

  it("the pages of other sites, another port of this machine among them", async () => {
    const server = await serve();
    const host = `127.0.0.1:${server.port}`;
    for (const origin of ["https://evil.example", "http://127.0.0.1:3000", `http://localhost:${server.port}`, "null"]) {
      expect((await ask(server, "/api/status", { host, origin })).status, origin).toBe(403);
    }
    expect((await ask(server, "/api/status", { host, origin: `http://${host}` })).status).toBe(200);
    expect((await ask(server, "/api/status", { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await ask(server, "/api/status", { "sec-fetch-site": "same-origin" })).status).toBe(200);
  });

  it("paths that are nobody's, with JSON, and files outside of the console", async () => {
    const server = await serve();
    for (const path of ["/api/nothing", "/../package.json", "/%2e%2e/package.json", "/assets/../../package.json"]) {
      const answer = await ask(server, path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(JSON.parse(answer.body).error.code).toBe("not-found");
    }
    expect((await ask(server, "/api/status", {}, "DELETE")).status).toBe(404);
  });

  it("with the status that each kind of error has, and without the text of a fault of our own", async () => {
    const errors: [unknown, number, string][] = [
      [new PenstockError("query-failed", "no such column"), 400, "query-failed"],
      [new PenstockError("refused", "no"), 409, "refused"],
      [new PenstockError("timeout", "slow"), 503, "timeout"],
      [new PenstockError("damaged", "torn"), 500, "damaged"],
      [new Error("/home/somebody/secret"), 500, "internal"],
    ];
    for (const [error, status, code] of errors) {
      const server = await serve({ query: () => Promise.reject(error) });
      const answer = await post(server, "/api/query", { sql: "select 1" });
      expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([status, code]);
      expect(answer.body).not.toContain("secret");
    }
  });

  it("a port that is taken, saying so", async () => {
    const first = await serve();
    await expect(serve({}, { port: first.port })).rejects.toThrow(/taken by another program/);
  });
});

describe("credentials", () => {
  const credentials = [{ name: "ada", secret: "a-long-secret" }];

  it("are needed beyond loopback", async () => {
    await expect(serve({}, { host: "0.0.0.0" })).rejects.toThrow(/without credentials/);
    const server = await serve({}, { host: "0.0.0.0", credentials });
    expect(
      (await ask(server, "/api/status", { host: "10.1.2.3:4580", authorization: "Bearer a-long-secret" })).status,
    ).toBe(200);
    expect(
      (await ask(server, "/api/status", { host: "evil.example", authorization: "Bearer a-long-secret" })).status,
    ).toBe(403);
  });

  it("open the door as a password or as a bearer token, and nothing else does", async () => {
    const server = await serve({}, { credentials });
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    const allowed = ["Bearer a-long-secret", basic("ada:a-long-secret"), `bearer a-long-secret`];
    const refused = [
      "",
      "Bearer wrong",
      basic("ada:wrong"),
      basic("bob:a-long-secret"),
      basic("a-long-secret"),
      "Bearer",
      "Digest x",
    ];
    for (const authorization of allowed) {
      expect((await ask(server, "/api/status", { authorization })).status, authorization).toBe(200);
    }
    for (const authorization of refused) {
      for (const path of ["/", "/api/status", "/api/events", "/metrics"]) {
        const answer = await ask(server, path, authorization === "" ? {} : { authorization });
        expect([authorization, path, answer.status]).toEqual([authorization, path, 401]);
        expect(answer.headers["www-authenticate"]).toContain("Basic");
      }
    }
  });

  it("are not asked of a health probe, which then learns yes or no alone", async () => {
    const health = () => ({ ok: false, reasons: ["quotes: loader stopped"] });
    const server = await serve({ health }, { credentials });
    const probe = await ask(server, "/healthz");
    expect([probe.status, JSON.parse(probe.body)]).toEqual([503, { ok: false, reasons: [] }]);
    const known = await ask(server, "/healthz", { authorization: "Bearer a-long-secret" });
    expect(JSON.parse(known.body).reasons).toEqual(["quotes: loader stopped"]);
  });
});

describe("the console's pages", () => {
  it("come with headers that let in nothing from elsewhere", async () => {
    const server = await serve();
    const { headers } = await ask(server, "/");
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    // The editor's own elements have styles as attributes; nothing else may be inline.
    expect(policy.replace("style-src-attr 'unsafe-inline'", "")).not.toMatch(/unsafe|https?:|\*/);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
    });
  });
});
