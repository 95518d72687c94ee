/** COPY ... FROM STDIN: the client is asked for its data when the statement begins to take it. */
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { bodyReader, type MessageReader } from "./message-reader.js";
import type { MessageWriter } from "./message-writer.js";

export interface CopyIn extends AsyncIterable<Uint8Array> {
  /** After a statement that took none of it, or not all: reads past what the client goes on to send. */
  finish(): Promise<void>;
}

export function copyIn(reader: MessageReader, writer: MessageWriter): CopyIn {
  let state: "unasked" | "open" | "ended" = "unasked";

  async function next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const message = await reader.next();
      if (message === undefined) {
        state = "ended";
        throw new SqlError(SQL_STATE.connectionFailure, "unexpected end of the connection in COPY from stdin");
      }
      switch (message.type) {
        case "d":
          return message.body;
        case "c":
          state = "ended";
          return undefined;
        case "f":
          state = "ended";
          throw new SqlError(SQL_STATE.queryCanceled, `COPY from stdin failed: ${bodyReader(message.body).text()}`);
        case "H":
        case "S":
          continue;
        default:
          state = "ended";
          throw new SqlError(
            SQL_STATE.protocolViolation,
            `unexpected message type ${JSON.stringify(message.type)} in COPY from stdin`,
            { severity: "FATAL" },
          );
      }
    }
  }

  return {
    async *[Symbol.asyncIterator]() {
      if (state === "unasked") {
        // Text; the number of columns is for the client to know, and clients do not look at it.
        writer.begin("G").byte(0).int16(0).end();
        writer.flush();
        state = "open";
      }
      while (state === "open") {
        const chunk = await next();
        if (chunk !== undefined) yield chunk;
      }
    },
    finish: async () => {
      while (state === "open") await next().catch(() => undefined);
    },
  };
}
