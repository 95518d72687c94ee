/** The SQL door over a real database, and a raw client of its protocol. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { type PostgresServer, type PostgresServerOptions, postgresServer } from "../../../src/api/postgres/server.js";
import { systemClock } from "../../../src/core/clock.js";
import { openTestDatabase, type TestDatabase, WITH_SYSTEM } from "../../redshift/support/database.js";

export interface Wire {
  readonly database: TestDatabase;
  readonly server: PostgresServer;
  readonly errors: readonly unknown[];
  readonly url: string;
}

export async function openWire(options: Partial<PostgresServerOptions> = {}): Promise<Wire> {
  const database = await openTestDatabase(WITH_SYSTEM);
  const errors: unknown[] = [];
  const server = await postgresServer({
    database: database.engine,
    clock: systemClock,
    host: "127.0.0.1",
    port: 0,
    credentials: [],
    log: (message, error) => errors.push([message, error]),
    ...options,
  });
  onTestFinished(() => server.close());
  return { database, server, errors, url: `postgres://penstock@127.0.0.1:${server.port}/penstock` };
}

export interface Reply {
  readonly type: string;
  readonly body: Buffer;
}

/** Sends bytes as they are told, and takes the answers apart into messages. */
export interface RawClient {
  readonly socket: Socket;
  send(...messages: Buffer[]): void;
  /** The next messages up to and with one of this type; [] of what came before the end where the connection ends first. */
  until(type: string): Promise<readonly Reply[]>;
  readonly ended: Promise<void>;
}

export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  onTestFinished(() => {
    socket.destroy();
  });
  let buffer = Buffer.alloc(0);
  let over = false;
  let wake = () => {};
  socket.on("data", (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    wake();
  });
  socket.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => {
    socket.on("close", () => {
      over = true;
      wake();
      resolve();
    });
  });
  const next = async (): Promise<Reply | undefined> => {
    for (;;) {
      if (buffer.length >= 5) {
        const length = buffer.readInt32BE(1);
        if (buffer.length >= length + 1) {
          const reply = { type: String.fromCharCode(buffer[0]!), body: buffer.subarray(5, length + 1) };
          buffer = buffer.subarray(length + 1);
          return reply;
        }
      }
      if (over) return undefined;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    socket,
    send: (...messages) => {
      socket.write(Buffer.concat(messages));
    },
    until: async (type) => {
      const replies: Reply[] = [];
      for (;;) {
        const reply = await next();
        if (reply === undefined) return replies;
        replies.push(reply);
        if (reply.type === type) return replies;
      }
    },
    ended,
  };
}

export function message(type: string, ...parts: (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(`${part}\0`) : part)));
  const head = Buffer.alloc(type.length + 4);
  head.write(type);
  head.writeInt32BE(body.length + 4, type.length);
  return Buffer.concat([head, body]);
}

export const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

export function startup(
  parameters: Readonly<Record<string, string>> = { user: "penstock", database: "penstock" },
): Buffer {
  return message("", int32(196_608), ...Object.entries(parameters).flat(), Buffer.from([0]));
}

/** The fields of an error or a notice by their letters. */
export function fieldsOf(reply: Reply | undefined): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const field of (reply?.body.toString() ?? "").split("\0")) if (field !== "") fields[field[0]!] = field.slice(1);
  return fields;
}

export function errorOf(replies: readonly Reply[]): Record<string, string> {
  return fieldsOf(replies.find(({ type }) => type === "E"));
}

/** The values of the rows, as text. */
export function rowsOf(replies: readonly Reply[]): (string | null)[][] {
  return replies
    .filter(({ type }) => type === "D")
    .map(({ body }) => {
      const values: (string | null)[] = [];
      let at = 2;
      for (let left = body.readInt16BE(0); left > 0; left--) {
        const length = body.readInt32BE(at);
        at += 4;
        values.push(length < 0 ? null : body.toString("utf8", at, at + length));
        at += Math.max(0, length);
      }
      return values;
    });
}

export const typesOf = (replies: readonly Reply[]): string => replies.map(({ type }) => type).join("");
