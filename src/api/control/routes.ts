import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Logger } from "pino";
import type { Credential } from "../../core/credential.js";
import { PenstockError } from "../../core/errors.js";
import { MIB } from "../../core/limits.js";
import type { HostRule } from "../../core/loopback.js";
import { errorAnswer, refuse } from "./answers.js";
import {
  adviseBody,
  auditBody,
  pinsBody,
  queryBody,
  redriveBody,
  replayBody,
  shadowBody,
  wholeParameter,
} from "./bodies.js";
import type { AuditProgress, ModelAnswer, ReplayProgress } from "./contract.js";
import type { StatusEvents } from "./events.js";
import {
  type Caller,
  isAuthorized,
  refuseForeign,
  refuseOrdinary,
  requireCredentials,
  securityHeaders,
} from "./guard.js";
import { ADVISE_LIMITS, DEAD_LETTERS_MAX, type PipelineInstance, RECORDS_MAX } from "./instance.js";
import type { Page } from "./pages.js";
import { progressLines } from "./progress.js";

export interface RouteOptions extends HostRule {
  readonly instance: PipelineInstance;
  readonly credentials: readonly Credential[];
  readonly pages: ReadonlyMap<string, Page>;
  readonly events: StatusEvents;
  readonly log: Logger;
}

/** SQL and lists of dead letters; nothing here takes data. */
const BODY_BYTES_MAX = 8 * MIB;
const QUERY_ROWS_DEFAULT = 1000;
const QUERY_TIMEOUT_MS_DEFAULT = 60_000;
const DEAD_LETTERS_DEFAULT = 50;
const RECORDS_DEFAULT = 20;

export function controlRoutes(options: RouteOptions): Hono<Caller> {
  const { instance, credentials, pages, events, log } = options;
  const app = new Hono<Caller>();
  app.onError((error, c) => {
    const { status, body } = errorAnswer(error, log);
    return c.json(body, status);
  });
  app.use(securityHeaders());
  app.use(refuseForeign(options));

  // Before the credentials: what asks for health can rarely be given any. It learns yes or no.
  app.get("/healthz", (c) => {
    const health = instance.health();
    const known = isAuthorized(c.req.header("authorization"), credentials);
    return c.json({ ok: health.ok, reasons: known ? health.reasons : [] }, health.ok ? 200 : 503);
  });
  app.use(requireCredentials(credentials));
  app.use(refuseOrdinary((user) => instance.isSuperuser(user)));
  app.get("/metrics", async (c) => {
    c.header("content-type", "text/plain; version=0.0.4; charset=utf-8");
    return c.body(await instance.metrics());
  });

  app.use("/api/*", async (c, next) => {
    await next();
    c.res.headers.set("cache-control", "no-store");
  });
  app.use("/api/*", async (c, next) => {
    // A form on a foreign page can send text/plain unasked; JSON it cannot.
    const json = /^application\/json\b/i.test(c.req.header("content-type") ?? "");
    if (!["POST", "PUT"].includes(c.req.method) || json) return next();
    return refuse(c, 415, "The body must be JSON.", "Send it with content-type: application/json.", "invalid-argument");
  });
  app.use(
    "/api/*",
    bodyLimit({
      maxSize: BODY_BYTES_MAX,
      onError: (c) =>
        refuse(
          c,
          413,
          `The body is larger than ${BODY_BYTES_MAX / MIB} MiB.`,
          "Send less at once.",
          "invalid-argument",
        ),
    }),
  );

  app.get("/api/status", (c) => c.json(instance.status()));
  app.get("/api/events", (c) => {
    c.header("content-type", "text/event-stream");
    return c.body(events.subscribe());
  });
  app.get("/api/model", (c) => c.json(modelAnswer(instance)));
  app.post("/api/query", async (c) => {
    const body = queryBody(await jsonBody(c.req.raw));
    const limited = { rowsMax: QUERY_ROWS_DEFAULT, timeoutMs: QUERY_TIMEOUT_MS_DEFAULT, ...body };
    return c.json(await instance.query(limited, c.req.raw.signal, c.get("user")));
  });
  app.post("/api/flush", async (c) => c.json(await instance.flush()));
  app.get("/api/dead-letters", async (c) => {
    const { table, code, limit, after, order = "oldest" } = c.req.query();
    if (order !== "oldest" && order !== "newest") {
      throw new PenstockError("invalid-argument", `order is ${JSON.stringify(order.slice(0, 100))}.`, {
        hint: "It is oldest or newest: which letters come first.",
      });
    }
    return c.json(
      await instance.deadLetters({
        ...(order === "newest" ? { newestFirst: true } : {}),
        limit: wholeParameter("limit", limit, 1, DEAD_LETTERS_MAX) ?? DEAD_LETTERS_DEFAULT,
        ...(table === undefined ? {} : { table }),
        ...(code === undefined ? {} : { code }),
        ...(after === undefined ? {} : { after }),
      }),
    );
  });
  app.get("/api/dead-letters/:id{.+}", async (c) => {
    const id = c.req.param("id");
    const letter = await instance.deadLetter(id);
    if (letter !== undefined) return c.json(letter);
    throw new PenstockError("not-found", `There is no dead letter ${JSON.stringify(id.slice(0, 300))}.`, {
      hint: "`penstock errors list` shows those there are, with their ids.",
    });
  });
  app.post("/api/redrive", async (c) => c.json(await instance.redrive(redriveBody(await jsonBody(c.req.raw)))));
  app.post("/api/replay", async (c) => {
    const body = replayBody(await jsonBody(c.req.raw));
    c.header("content-type", "application/x-ndjson");
    return c.body(
      await progressLines<ReplayProgress>(
        (onProgress) =>
          // The last one is the answer itself. It goes on when nobody listens: half of a replay is no better than a whole.
          instance.replay(body, (progress) => progress.state === "running" && onProgress(progress)),
        log,
      ),
    );
  });
  app.post("/api/audit", async (c) => {
    const { progress = false } = auditBody(await jsonBody(c.req.raw));
    if (!progress) return c.json(await instance.audit());
    c.header("content-type", "application/x-ndjson");
    return c.body(await progressLines<AuditProgress>((onProgress, gone) => instance.audit(onProgress, gone), log));
  });
  app.get("/api/trace", async (c) => {
    const { sequence, stream, shard } = c.req.query();
    if (sequence === undefined || !/^\d{1,130}$/.test(sequence)) {
      throw new PenstockError(
        "invalid-argument",
        "`sequence` must be a record's sequence number: PutRecord's, or a row's `_sequence_number`.",
      );
    }
    const trace = await instance.trace(sequence, stream, shard);
    if (trace !== undefined) return c.json(trace);
    throw new PenstockError("not-found", `No record of sequence number ${sequence} was ever acked here.`, {
      hint: "Is it of another instance, or of another stream?",
    });
  });

  app.get("/api/object", async (c) => {
    const { key } = c.req.query();
    if (key === undefined || key === "") throw new PenstockError("invalid-argument", "`key` must be an object's key.");
    return c.json(await instance.object(key));
  });
  app.get("/api/load", async (c) => {
    const { table, key } = c.req.query();
    if (!table || !key)
      throw new PenstockError("invalid-argument", "`table` and `key` must name a table and an object.");
    return c.json(await instance.load(table, key));
  });
  app.get("/api/pins", async (c) => c.json({ pins: await instance.pins() }));
  app.put("/api/pins", async (c) => {
    const body = pinsBody(await jsonBody(c.req.raw));
    await instance.replacePins(body.pins);
    return c.json(body);
  });
  app.get("/api/records", async (c) => {
    const { stream, key, limit, after } = c.req.query();
    if (stream === undefined || stream === "") {
      throw new PenstockError("invalid-argument", "`stream` must be a stream's name.");
    }
    return c.json(
      await instance.records({
        stream,
        limit: wholeParameter("limit", limit, 1, RECORDS_MAX) ?? RECORDS_DEFAULT,
        ...(key === undefined ? {} : { key }),
        ...(after === undefined ? {} : { after }),
      }),
    );
  });

  app.get("/api/advise", async (c) => {
    const { table, rows, slices, expectedRows } = c.req.query();
    const number = (name: keyof typeof ADVISE_LIMITS, given: string | undefined) =>
      wholeParameter(name, given, ADVISE_LIMITS[name].min, ADVISE_LIMITS[name].max);
    const body = {
      table,
      rows: number("rows", rows),
      slices: number("slices", slices),
      expectedRows: number("expectedRows", expectedRows),
    };
    return c.json(await instance.advise(adviseBody(body)));
  });
  app.post("/api/advise", async (c) => c.json(await instance.advise(adviseBody(await jsonBody(c.req.raw)))));
  app.post("/api/advise/shadow", async (c) => c.json(await instance.shadow(shadowBody(await jsonBody(c.req.raw)))));

  app.get("*", (c) => {
    const page = pages.get(c.req.path);
    if (page === undefined) {
      if (c.req.path === "/") return c.text("The console has not been built. In a checkout: npm run build\n", 503);
      throw new PenstockError("not-found", `There is nothing at ${c.req.path.slice(0, 200)}.`);
    }
    c.header("etag", page.etag);
    c.header("cache-control", page.immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (c.req.header("if-none-match") === page.etag) return c.body(null, 304);
    c.header("content-type", page.type);
    return c.body(page.body);
  });
  app.all("*", (c) =>
    refuse(
      c,
      404,
      `There is nothing at ${c.req.method} ${c.req.path.slice(0, 200)}.`,
      "The API's paths begin with /api/.",
      "not-found",
    ),
  );
  return app;
}

function modelAnswer({ model }: PipelineInstance): ModelAnswer {
  const { name, streams, tables, charts } = model;
  // Functions have no place in JSON, and are left out by it.
  return { name, streams, tables, charts: charts ?? [] };
}

async function jsonBody(request: Request): Promise<unknown> {
  const text = await request.text();
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch (error) {
    throw new PenstockError("invalid-argument", "The body is not JSON.", { cause: error });
  }
}
