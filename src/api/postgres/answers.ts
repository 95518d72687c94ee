/** The messages that more than one part of the wire sends. */
import type { SqlColumn, SqlNotice } from "../../redshift/database.js";
import { isSqlError, SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { typeModifier, typeOid, typeSize } from "../../redshift/types.js";
import type { MessageWriter } from "./message-writer.js";

/** What is no error of SQL is our own fault; the client learns its text, the log its trace. */
export function sqlErrorOf(error: unknown, log: (error: unknown) => void): SqlError {
  if (isSqlError(error)) return error;
  log(error);
  return new SqlError(SQL_STATE.internalError, "Penstock could not answer the statement: an internal error.", {
    cause: error,
    hint: "Penstock's log has more about it.",
  });
}

/** `sql` is the text that the client sent, for the place of the fault in it. */
export function writeError(writer: MessageWriter, error: SqlError, sql?: string): void {
  writer.begin("E");
  field(writer, "S", error.severity);
  field(writer, "V", error.severity);
  field(writer, "C", error.state);
  field(writer, "M", error.message);
  if (error.detail !== undefined) field(writer, "D", error.detail);
  if (error.hint !== undefined) field(writer, "H", error.hint);
  // Counted in characters, from 1.
  if (error.at !== undefined && sql !== undefined) field(writer, "P", String([...sql.slice(0, error.at)].length + 1));
  writer.byte(0).end();
}

export function writeNotice(writer: MessageWriter, notice: SqlNotice): void {
  writer.begin("N");
  field(writer, "S", notice.severity);
  field(writer, "V", notice.severity);
  field(writer, "C", notice.state ?? "00000");
  field(writer, "M", notice.message);
  if (notice.detail !== undefined) field(writer, "D", notice.detail);
  if (notice.hint !== undefined) field(writer, "H", notice.hint);
  writer.byte(0).end();
}

function field(writer: MessageWriter, code: string, text: string): void {
  writer.byte(code.charCodeAt(0)).text(text.replaceAll("\0", ""));
}

export function writeRowDescription(
  writer: MessageWriter,
  columns: readonly SqlColumn[],
  formats: (index: number) => number,
): void {
  writer.begin("T").int16(columns.length);
  columns.forEach(({ name, type, table }, index) => {
    writer
      .text(name)
      .int32(table?.oid ?? 0)
      .int16(table?.position ?? 0)
      .int32(typeOid(type))
      .int16(typeSize(type))
      .int32(typeModifier(type))
      .int16(formats(index));
  });
  writer.end();
}

export function writeReady(writer: MessageWriter, transaction: "idle" | "open" | "failed"): void {
  writer.begin("Z").byte({ idle: 0x49, open: 0x54, failed: 0x45 }[transaction]).end();
}

/** Messages without a body: ParseComplete and the like. */
export function writeBare(writer: MessageWriter, type: string): void {
  writer.begin(type).end();
}
