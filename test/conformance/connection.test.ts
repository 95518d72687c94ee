/** What a request meets before its operation: the order of refusals, their forms, CORS, both HTTP versions on one port. */
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Door, JSON_TYPE, openDoor, type RawRequest, type Reply, UNVERIFIED } from "../api/door.js";

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

const CBOR_TYPE = "application/x-amz-cbor-1.1";
const target = { "x-amz-target": "Kinesis_20131202.ListStreams" };
const json = { "content-type": JSON_TYPE };

const xml = (type: string, message: string) => `<${type}>\n  <Message>${message}</Message>\n</${type}>\n`;
const DENIED = xml("AccessDeniedException", "Unable to determine service/operation name to be authorized");
const wrapped = (type: string) => ({ Output: { __type: `com.amazon.coral.service#${type}` }, Version: "1.0" });

interface Case {
  readonly what: string;
  readonly request: RawRequest;
  readonly status: number;
  readonly type: string | undefined;
  readonly body: unknown;
}

const refused = (what: string, request: RawRequest, status: number, body: unknown, type?: string): Case => ({
  what,
  request,
  status,
  type,
  body,
});

const unknown = { __type: "UnknownOperationException" };
const unreadable = { __type: "SerializationException" };

const CASES: readonly Case[] = [
  ...["GET", "PUT", "DELETE", "OPTIONS"].map((method) => refused(`${method}`, { method }, 403, DENIED)),
  refused("GET with a signature", { method: "GET", headers: UNVERIFIED }, 403, DENIED),
  refused("a body without content type", { body: "{}" }, 403, DENIED),
  refused("JSON 1.0", { headers: { "content-type": "application/x-amz-json-1.0" }, body: "{}" }, 403, DENIED),
  refused("a target without content type", { headers: target, body: "{}" }, 404, "<UnknownOperationException/>\n"),
  refused("no target, no body", { headers: json }, 400, unknown, JSON_TYPE),
  refused("a target, no body", { headers: { ...json, ...target } }, 400, unreadable, JSON_TYPE),
  refused("no target", { headers: json, body: "{}" }, 400, unknown, JSON_TYPE),
  refused(
    "an unknown operation",
    { headers: { ...json, "x-amz-target": "Kinesis_20131202.ListStream" }, body: "{}" },
    400,
    unknown,
    JSON_TYPE,
  ),
  refused(
    "an operation that makes no sense here",
    { headers: { ...json, ...UNVERIFIED, "x-amz-target": "Kinesis_20131202.CreateChannel" }, body: "{}" },
    400,
    unknown,
    JSON_TYPE,
  ),
  refused(
    "an unknown service",
    { headers: { ...json, "x-amz-target": "Nothing_20200101.ListStreams" }, body: "{}" },
    400,
    unknown,
    JSON_TYPE,
  ),
  refused("a body that is not JSON", { headers: { ...json, ...target }, body: "hello" }, 400, unreadable, JSON_TYPE),
  refused("a body that is null", { headers: { ...json, ...target }, body: "null" }, 400, unreadable, JSON_TYPE),
  refused(
    "plain application/json",
    { headers: { "content-type": "application/json", ...target }, body: "{}" },
    404,
    wrapped("UnknownOperationException"),
    "application/json",
  ),
  refused(
    "plain application/json that is none",
    { headers: { "content-type": "application/json", ...target }, body: "hello" },
    400,
    wrapped("SerializationException"),
    "application/json",
  ),
  refused(
    "no signature",
    { headers: { ...json, ...target }, body: "{}" },
    400,
    { __type: "MissingAuthenticationTokenException", message: "Missing Authentication Token" },
    JSON_TYPE,
  ),
];

function expectIds(reply: Reply): void {
  expect(reply.headers["x-amzn-requestid"]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(Buffer.from(String(reply.headers["x-amz-id-2"]), "base64")).toHaveLength(72);
}

describe("what is no operation", () => {
  test.each(CASES)("$what is answered $status as the service does", async ({ request, status, type, body }) => {
    const reply = await door.raw(request);
    expect({ status: reply.status, type: reply.headers["content-type"], body: reply.body }).toEqual({
      status,
      type,
      body,
    });
    expect(reply.headers["content-length"]).toBe(String(Buffer.byteLength(reply.text)));
    expectIds(reply);
  });

  test("an empty body of no known type is answered in CBOR", async () => {
    const reply = await door.raw({});
    expect(reply.status).toBe(400);
    expect(reply.headers["content-type"]).toBe(CBOR_TYPE);
    expect(reply.text).toContain("UnknownOperationException");
  });
});

describe("a signature", () => {
  const header = (authorization: string, more: Record<string, string> = {}): RawRequest => ({
    headers: { ...json, ...target, authorization, ...more },
    body: "{}",
  });
  const query = (path: string): RawRequest => ({ path, headers: { ...json, ...target }, body: "{}" });
  const headerNeeds = (...parts: string[]) =>
    parts.map((part) => `Authorization header requires '${part}' parameter. `).join("");
  const queryNeeds = (...parts: string[]) =>
    `${parts.map((part) => `AWS query-string parameters must include '${part}'. `).join("")}Re-examine the query-string parameters.`;
  const NO_DATE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";

  test.each([
    ["of one word", header("X"), `${headerNeeds("Credential", "Signature", "SignedHeaders")}${NO_DATE}Authorization=X`],
    [
      "without signed headers, parts behind blanks",
      header("AWS4- Signature=b Credential=a", { date: "a" }),
      `${headerNeeds("SignedHeaders")}Authorization=AWS4- Signature=b Credential=a`,
    ],
    [
      "without signed headers, parts behind commas",
      header("AWS4- Signature=b,Credential=a", { date: "a" }),
      `${headerNeeds("SignedHeaders")}Authorization=AWS4- Signature=b,Credential=a`,
    ],
    [
      "without a date",
      header("AWS4- Signature=b, Credential=a, SignedHeaders=c"),
      `${NO_DATE}Authorization=AWS4- Signature=b, Credential=a, SignedHeaders=c`,
    ],
    [
      "in the query, empty",
      query("/?X-Amz-Algorithm"),
      queryNeeds("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"),
    ],
    [
      "in the query, without signed headers",
      query("/?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=d"),
      queryNeeds("X-Amz-SignedHeaders"),
    ],
  ])("%s is incomplete", async (_what, request, message) => {
    const reply = await door.raw(request);
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual({ __type: "IncompleteSignatureException", message });
  });

  test("in header and query at once is invalid", async () => {
    const reply = await door.raw({ ...header("X"), path: "/?X-Amz-Algorithm" });
    expect(reply.body).toEqual({
      __type: "InvalidSignatureException",
      message: "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    });
  });

  test("in the query without its algorithm is none", async () => {
    const reply = await door.raw(query("/?X-Amz-Credential=a&X-Amz-Signature=b&X-Amz-SignedHeaders=c&X-Amz-Date=d"));
    expect(reply.body.__type).toBe("MissingAuthenticationTokenException");
  });

  test("that is whole passes unverified while no credentials are configured", async () => {
    expect((await door.raw(header("AWS4- Signature=b, Credential=a, SignedHeaders=c", { date: "a" }))).status).toBe(
      200,
    );
    const path = "/?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-SignedHeaders=d&X-Amz-Date=e";
    expect((await door.raw(query(path))).status).toBe(200);
  });
});

describe("an Origin", () => {
  test("that no browser sends is answered with the service's CORS headers", async () => {
    const reply = await door.raw({ headers: { origin: "whatever" }, body: "{}" });
    expect(reply.status).toBe(403);
    expect(reply.headers["access-control-allow-origin"]).toBe("*");
    expect(reply.headers["access-control-expose-headers"]).toBe(
      "x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amzn-ErrorMessage,Date",
    );
  });

  test.each(["whatever", "http://localhost:3000", "http://127.0.0.1:4580"])("%s may ask first", async (origin) => {
    const headers = { origin, "access-control-request-headers": "a, b, c", "access-control-request-method": "d" };
    const reply = await door.raw({ method: "OPTIONS", headers });
    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-headers": "a, b, c",
      "access-control-allow-methods": "d",
      "access-control-max-age": "172800",
      "content-length": "0",
    });
    expect(reply.headers["x-amz-id-2"]).toBeUndefined();
  });

  test.each([
    "https://example.com",
    "null",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "chrome-extension://x",
  ])("%s is refused without CORS headers, before anything is done", async (origin) => {
    const headers = { ...UNVERIFIED, ...json, "x-amz-target": "Kinesis_20131202.CreateStream", origin };
    const body = JSON.stringify({ StreamName: "from-a-page", ShardCount: 1 });
    const reply = await door.raw({ headers, body });
    expect(reply.status).toBe(403);
    expect(reply.headers["access-control-allow-origin"]).toBeUndefined();
    expect((await door.raw({ method: "OPTIONS", headers: { origin } })).status).toBe(403);
    expect(door.store.find("from-a-page")).toBeUndefined();
  });
});

describe("a Host", () => {
  test.each([["rebound.example.com"], ["localhost.example.com:80"], ["169.254.169.254"]])(
    "%s is refused",
    async (host) => {
      const reply = await door.raw({ headers: { ...UNVERIFIED, ...json, ...target, host }, body: "{}" });
      expect(reply.status).toBe(403);
      expect(reply.text).toContain("--allow-host");
    },
  );

  test.each(["localhost", "127.0.0.1:4566", "[::1]:1", "LOCALHOST:9"])("%s is ours", async (host) => {
    expect((await door.raw({ headers: { ...UNVERIFIED, ...json, ...target, host }, body: "{}" })).status).toBe(200);
  });
});

describe("one port", () => {
  const headers = { ":method": "POST", ":path": "/", ...json, ...target, ...UNVERIFIED };

  test("answers HTTP/2 with prior knowledge beside HTTP/1.1, many streams on one connection", async () => {
    const session = connectHttp2(door.url);
    const replies = await Promise.all(
      Array.from(
        { length: 20 },
        () =>
          new Promise<{ status: number; text: string }>((resolve, reject) => {
            const stream = session.request(headers);
            let status = 0;
            let text = "";
            stream.on("response", (response) => {
              status = Number(response[":status"]);
            });
            stream.on("data", (chunk) => {
              text += chunk;
            });
            stream.on("error", reject);
            stream.on("end", () => resolve({ status, text }));
            stream.end("{}");
          }),
      ),
    );
    session.close();
    for (const reply of replies)
      expect(reply).toEqual({ status: 200, text: '{"StreamNames":[],"HasMoreStreams":false}' });
    expect((await door.call("ListStreams", {})).status).toBe(200);
  });

  test("tells the versions apart when the first bytes come one by one", async () => {
    const socket = connect(door.port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    // As far as "P" the two look the same.
    for (const byte of "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n") {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => socket.on("close", resolve));
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("survives whatever is thrown at it", async () => {
    const garbage = [
      "\0\0\0\0",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nthis is no frame at all, nor will it ever be one",
      "PRI * HTTP/2.0\r\n\r\nXX",
      "GET / HTTP/9.9\r\n\r\n",
      `POST / HTTP/1.1\r\nhost: localhost\r\nx: ${"y".repeat(100_000)}\r\n\r\n`,
      "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
      "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
      "",
    ];
    for (const bytes of garbage) {
      await new Promise<void>((resolve) => {
        const socket = connect(door.port, "127.0.0.1", () => socket.end(Buffer.from(bytes, "latin1")));
        socket.on("error", () => undefined);
        socket.on("close", () => resolve());
        socket.resume();
        setTimeout(() => socket.destroy(), 300);
      });
    }
    expect((await door.call("ListStreams", {})).status).toBe(200);
    expect(door.errors.filter((error) => !String(error).includes("HTTP/2"))).toEqual([]);
  });

  test("refuses a body beyond its bound with 413, told or found out", async () => {
    const small = await openDoor({ listener: { bodyBytesMax: 1_000 } });
    const request = { headers: { ...UNVERIFIED, ...json, ...target } };
    const told = await small.raw({ ...request, body: `{"a":"${"x".repeat(2_000)}"}` });
    expect(told.status).toBe(413);
    const chunked = await small.raw({
      headers: { ...request.headers, "transfer-encoding": "chunked" },
      body: `{"a":"${"x".repeat(2_000)}"}`,
    });
    expect(chunked.status).toBe(413);
    expect((await small.raw({ ...request, body: "{}" })).status).toBe(200);
    await small.close();
  });
});
