import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bodyReader,
  MESSAGE_BYTES_MAX,
  type MessageReader,
  messageReader,
} from "../../../src/api/postgres/message-reader.js";
import { messageWriter } from "../../../src/api/postgres/message-writer.js";
import { settingsOf } from "../../../src/api/postgres/startup.js";
import { SqlError } from "../../../src/redshift/sql-error.js";
import { int32, message } from "./wire.js";

async function readAll(reader: MessageReader): Promise<string[]> {
  const read: string[] = [];
  for (let next = await reader.next(); next !== undefined; next = await reader.next()) {
    read.push(`${next.type}${next.body.toString("latin1")}`);
  }
  return read;
}

describe("messages that are read", () => {
  const whole = Buffer.concat([
    message("Q", "select 1"),
    message("S"),
    message("d", Buffer.alloc(300, "x")),
    message("X"),
  ]);
  const wanted = ["Qselect 1\0", "S", `d${"x".repeat(300)}`, "X"];

  test("are the same wherever the bytes are cut", async () => {
    for (let cut = 0; cut <= whole.length; cut++) {
      const socket = new PassThrough();
      const reading = readAll(messageReader(socket));
      socket.write(whole.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      socket.end(whole.subarray(cut));
      expect(await reading).toEqual(wanted);
    }
  });

  test("of which the last one is not whole end before it", async () => {
    for (const cut of [1, 4, 5, 9]) {
      const socket = new PassThrough();
      socket.end(Buffer.concat([message("S"), message("Q", "select 1").subarray(0, cut)]));
      expect(await readAll(messageReader(socket))).toEqual(["S"]);
    }
  });

  test("of a length that none has are refused before their body is waited for", async () => {
    for (const length of [-1, 0, 3, MESSAGE_BYTES_MAX + 1]) {
      const socket = new PassThrough();
      socket.write(Buffer.concat([Buffer.from("Q"), int32(length)]));
      await expect(messageReader(socket).next()).rejects.toMatchObject({ state: "08P01", severity: "FATAL" });
    }
  });

  test("may be anything at all: the reader answers messages, an error or the end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), async (pieces) => {
        const socket = new PassThrough();
        for (const piece of pieces) socket.write(piece);
        socket.end();
        const read = await readAll(messageReader(socket)).catch((error: unknown) => error);
        expect(Array.isArray(read) || read instanceof SqlError).toBe(true);
      }),
    );
  });

  test("wait in the socket where nobody asks for them", async () => {
    const socket = new PassThrough({ highWaterMark: 1024 });
    const reader = messageReader(socket);
    const chunk = message("d", Buffer.alloc(60_000));
    let taken = 0;
    while (socket.write(chunk) && taken < 1000) {
      taken++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(reader.buffered).toBeLessThan(256 * 1024);
    expect(taken).toBeLessThan(5);
    expect((await reader.next())?.body.length).toBe(60_000);
  });

  test("that were waited for and given back are the next ones", async () => {
    const socket = new PassThrough();
    const reader = messageReader(socket);
    reader.giveBack(reader.next());
    const next = reader.next();
    socket.write(Buffer.concat([message("S"), message("X")]));
    expect((await next)?.type).toBe("S");
    expect((await reader.next())?.type).toBe("X");
  });

  test("are taken apart no further than they go", () => {
    for (const read of ["int16", "int32", "byte", "text"] as const) {
      expect(() => bodyReader(Buffer.from([]))[read]()).toThrow(SqlError);
    }
    expect(() => bodyReader(Buffer.from("abc")).bytes(4)).toThrow("insufficient data left in message");
    expect(() => bodyReader(Buffer.from("abc")).bytes(-1)).toThrow("insufficient data left in message");
    expect(() => bodyReader(Buffer.from([0xc3, 0x28, 0])).text()).toThrow("invalid byte sequence");
  });
});

describe("messages that are written", () => {
  const written = (write: (writer: ReturnType<typeof messageWriter>) => void): Buffer => {
    const socket = new PassThrough();
    const writer = messageWriter(socket);
    write(writer);
    writer.flush();
    return (socket.read() as Buffer | null) ?? Buffer.alloc(0);
  };

  test("have their type and their length before them", () => {
    expect(written((writer) => writer.begin("C").text("SELECT 1").end()).toString("hex")).toBe(
      `430000000d${Buffer.from("SELECT 1\0").toString("hex")}`,
    );
  });

  test("are dropped where they were begun and not ended", () => {
    const bytes = written((writer) => {
      writer.begin("D").int16(2).sized("half");
      writer.begin("1").end();
    });
    expect(bytes.toString("hex")).toBe("3100000004");
    expect(written((writer) => void writer.begin("D").int16(2)).length).toBe(0);
  });

  test("may be of any size", async () => {
    const text = "größer ".repeat(50_000);
    const bytes = written((writer) => writer.begin("D").int16(1).sized(text).end());
    expect(bytes.readInt32BE(1)).toBe(bytes.length - 1);
    expect(bytes.toString("utf8", 11)).toBe(text);
  });

  test("hold any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), (text) => {
        const bytes = written((writer) => writer.begin("D").sized(text).end()).subarray(5);
        expect(bytes.readInt32BE(0)).toBe(Buffer.byteLength(text));
        expect(bytes.toString("utf8", 4)).toBe(text);
      }),
    );
  });

  test("hold whole numbers as their digits, and in eight bytes", () => {
    const edges = [0, 9, 10, 99, 100, 999_999_999, 1e9, 1e9 + 1, 4_294_967_296, Number.MAX_SAFE_INTEGER];
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...edges), fc.maxSafeInteger()), fc.boolean(), (size, negative) => {
        const value = negative && size !== 0 ? -size : size;
        const digits = written((writer) => writer.begin("D").sizedInteger(value).end()).subarray(9);
        expect(digits.toString()).toBe(String(value));
        const eight = written((writer) => writer.begin("D").int64OfNumber(value).end()).subarray(5);
        expect(eight.readBigInt64BE()).toBe(BigInt(value));
      }),
    );
  });

  test("wait for a socket that is full, and end with one that is gone", async () => {
    const socket = new PassThrough({ highWaterMark: 10 });
    const writer = messageWriter(socket);
    writer.begin("C").text("more than ten bytes").end();
    writer.flush();
    let drained = false;
    const draining = writer.drain().then(() => {
      drained = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(drained).toBe(false);
    socket.resume();
    await draining;
    socket.pause();
    writer.begin("C").text("more than ten bytes").end();
    writer.flush();
    const left = expect(writer.drain()).rejects.toMatchObject({ state: "08006" });
    socket.destroy();
    await left;
  });
});

test("settings come from the start's own parameters and, less strong, from its options", () => {
  const parameters = new Map([
    ["user", "ada"],
    ["database", "penstock"],
    ["options", "-c search_path=a\\ b,c --statement-timeout=5 -cTimeZone=UTC -c datestyle=dmy"],
    ["DateStyle", "ISO"],
    ["client_protocol_version", "2"],
  ]);
  expect(settingsOf(parameters)).toEqual({
    search_path: "a b,c",
    statement_timeout: "5",
    timezone: "UTC",
    datestyle: "ISO",
    client_protocol_version: "2",
  });
});
