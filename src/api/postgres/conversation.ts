/**
 * What a client says once it is let in, message by message:
 *
 *     Query                      statements one after the other, then ReadyForQuery
 *     Parse Bind Describe ...    extended-query.ts; an error passes over everything up to the next Sync
 *     Sync                       commits what ran since the last one, unless it is in a transaction of its own; then ReadyForQuery
 */
import type { SqlSession } from "../../redshift/database.js";
import { fatal, SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { sqlErrorOf, writeBare, writeError, writeReady, writeRowDescription } from "./answers.js";
import { copyIn } from "./copy.js";
import { extendedQuery, isCopy } from "./extended-query.js";
import type { HeldBytes } from "./held-bytes.js";
import { bodyReader, type Message, type MessageReader } from "./message-reader.js";
import type { MessageWriter } from "./message-writer.js";
import { openPortal } from "./portal.js";

export interface ConversationOptions {
  readonly session: SqlSession;
  readonly reader: MessageReader;
  readonly writer: MessageWriter;
  readonly held: HeldBytes;
  readonly log: (message: string, error: unknown) => void;
}

/** Messages of COPY's data that come after the statement has failed, or ended without them. */
const COPY_DATA: ReadonlySet<string> = new Set(["d", "c", "f"]);

/** Resolves when the client has said goodbye or is gone; rejects with what it is to be told before it is hung up on. */
export async function converse({ session, reader, writer, held, log }: ConversationOptions): Promise<void> {
  const openCopy = () => copyIn(reader, writer);
  const extended = extendedQuery({ session, writer, openCopy, held });
  /** An error came: everything up to the next Sync is passed over. */
  let skipping = false;

  /** Tells the client; rejects where it is the connection's last word. */
  function tell(error: unknown, sql: string | undefined): void {
    const known = sqlErrorOf(error, (cause) => log("a statement failed", cause));
    if (known.severity === "FATAL") throw known;
    writeError(writer, known, sql);
  }

  async function ready(): Promise<void> {
    if (session.transaction === "idle") await extended.closePortals();
    writeReady(writer, session.transaction);
    writer.flush();
    await writer.drain();
  }

  async function simple(message: Message): Promise<void> {
    await extended.forgetUnnamed();
    let sql: string | undefined;
    try {
      sql = bodyReader(message.body).text();
      const statements = session.parse(sql);
      if (statements.length === 0) writeBare(writer, "I");
      const together = statements.length > 1;
      if (together) session.beginImplicit();
      for (const statement of statements) {
        if (extended.deallocated(statement)) continue;
        const prepared = await session.prepare(statement);
        if (prepared.columns !== undefined && !isCopy(prepared)) {
          writeRowDescription(writer, prepared.columns, () => 0);
        }
        await openPortal({ session, prepared, values: [], formats: [], copyIn: openCopy }).run(writer, 0);
      }
      if (together) await session.endImplicit("commit");
    } catch (error) {
      // Also where none is open: the session has then come to terms with the error when it answers.
      await session.endImplicit("rollback").catch(() => undefined);
      tell(error, sql);
    }
    await ready();
  }

  async function sync(): Promise<void> {
    const failed = skipping;
    skipping = false;
    try {
      await extended.end(failed ? "rollback" : "commit");
    } catch (error) {
      tell(error, undefined);
    }
    await ready();
  }

  async function step(message: Message): Promise<void> {
    try {
      await extended.handle(message);
    } catch (error) {
      skipping = true;
      tell(error, extended.sql);
      writer.flush();
      await writer.drain();
    }
  }

  for (;;) {
    const message = await reader.next();
    if (message === undefined || message.type === "X") return;
    if (message.type === "S") await sync();
    else if (skipping || COPY_DATA.has(message.type)) continue;
    else if (message.type === "Q") await simple(message);
    else if (message.type === "H") {
      writer.flush();
      await writer.drain();
    } else if (message.type === "F") {
      tell(new SqlError(SQL_STATE.featureNotSupported, "function calls by the protocol are not supported"), undefined);
      await ready();
    } else if (extended.types.has(message.type)) await step(message);
    else throw fatal(unknownMessage(message.type));
  }
}

function unknownMessage(type: string): SqlError {
  return new SqlError(SQL_STATE.protocolViolation, `invalid frontend message type ${type.charCodeAt(0)}`);
}
