/** COPY ... FROM STDIN: the client is asked for its data when the statement begins to take it. And COPY ... TO STDOUT. */
import type { SqlResult } from "../../redshift/database.js";
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { bodyReader, type Message, type MessageReader } from "./message-reader.js";
import type { MessageWriter } from "./message-writer.js";
import type { RowReader } from "./row-reader.js";

const TEXT_FORMAT = 0;

export interface CopyIn extends AsyncIterable<Uint8Array> {
  /** When its statement is over, however it ended. What the client goes on to send of its data is for the conversation to pass over. */
  close(): void;
}

export function copyIn(reader: MessageReader, writer: MessageWriter): CopyIn {
  let state: "unasked" | "open" | "ended" = "unasked";
  let reading: Promise<Message | undefined> | undefined;

  async function next(): Promise<IteratorResult<Uint8Array>> {
    while (state === "open") {
      reading = reader.next();
      const message = await reading;
      // Closed while it waited: the message is the conversation's.
      if (state !== "open") break;
      reading = undefined;
      switch (message?.type) {
        case "d":
          return { done: false, value: message.body };
        case "c":
          state = "ended";
          break;
        // Clients that pipeline have sent them before they knew.
        case "H":
        case "S":
          break;
        case "f":
          state = "ended";
          throw new SqlError(SQL_STATE.queryCanceled, `COPY from stdin failed: ${bodyReader(message.body).text()}`);
        case undefined:
          state = "ended";
          throw new SqlError(SQL_STATE.connectionFailure, "unexpected EOF on client connection with an open COPY", {
            severity: "FATAL",
          });
        default:
          state = "ended";
          throw new SqlError(
            SQL_STATE.protocolViolation,
            `unexpected message type 0x${message!.type.charCodeAt(0).toString(16)} during COPY from stdin`,
            { severity: "FATAL" },
          );
      }
    }
    return { done: true, value: undefined };
  }

  return {
    [Symbol.asyncIterator]() {
      if (state === "unasked") {
        state = "open";
        // How many columns there are is for the statement to know: clients send what they have.
        writer.begin("G").byte(TEXT_FORMAT).int16(0).end();
        writer.flush();
      }
      return { next, return: async () => ({ done: true, value: undefined }) };
    },
    close() {
      state = "ended";
      if (reading !== undefined) reader.giveBack(reading);
      reading = undefined;
    },
  };
}

/** A message a line, its end included. */
export async function writeCopyOut(
  writer: MessageWriter,
  { columns }: NonNullable<SqlResult["copyOut"]>,
  rows: RowReader,
): Promise<void> {
  writer.begin("H").byte(TEXT_FORMAT).int16(columns);
  for (let column = 0; column < columns; column++) writer.int16(TEXT_FORMAT);
  writer.end();
  for (let row = await rows.next(); row !== undefined; row = rows.ready() ?? (await rows.next())) {
    const line = String(row[0] ?? "");
    writer
      .begin("d")
      .bytes(Buffer.from(line.endsWith("\n") ? line : `${line}\n`))
      .end();
    if (writer.full) {
      writer.flush();
      await writer.drain();
    }
  }
  writer.begin("c").end();
}
