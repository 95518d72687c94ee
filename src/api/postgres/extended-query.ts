/** Parse, Bind, Describe, Execute, Close: statements and portals by name, and the implicit transaction between two Syncs. */
import type { SqlPrepared, SqlSession, SqlStatement } from "../../redshift/database.js";
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { typeOfOid, typeOid } from "../../redshift/types.js";
import { writeBare, writeRowDescription } from "./answers.js";
import type { CopyIn } from "./copy.js";
import { decodeValue } from "./decode-value.js";
import type { HeldBytes } from "./held-bytes.js";
import { type BodyReader, bodyReader, type Message } from "./message-reader.js";
import type { MessageWriter } from "./message-writer.js";
import { openPortal, type Portal } from "./portal.js";

export interface ExtendedQuery {
  /** The letters of its messages. */
  readonly types: ReadonlySet<string>;
  /** The text that its newest error is about. */
  readonly sql: string | undefined;
  /** Rejects with SqlError. */
  handle(message: Message): Promise<void>;
  /** At a Sync: ends the implicit transaction. */
  end(outcome: "commit" | "rollback"): Promise<void>;
  closePortals(): Promise<void>;
  /** A simple query does away with the statement and the portal that have no name. */
  forgetUnnamed(): Promise<void>;
  /** DEALLOCATE of a statement that came by Parse: done, and answered. False where it is none of them, and the session's to do. */
  deallocated(statement: SqlStatement): boolean;
}

export interface ExtendedQueryOptions {
  readonly session: SqlSession;
  readonly writer: MessageWriter;
  readonly openCopy: () => CopyIn;
  readonly held: HeldBytes;
}

/** Statements and portals of one connection, each: far beyond what drivers keep. */
const NAMES_MAX = 10_000;
/** What a statement's tree and its engine's text take for each of its own bytes, roughly; and at the least. */
const TREE_BYTES = 8;
const LEAST_BYTES = 1024;

interface NamedStatement {
  readonly sql: string;
  readonly heldBytes: number;
  /** Undefined for an empty one. */
  readonly prepared: SqlPrepared | undefined;
}

interface NamedPortal {
  readonly sql: string;
  readonly heldBytes: number;
  /** Undefined for one of an empty statement. */
  readonly portal: Portal | undefined;
}

const TEXT = 0;
const BINARY = 1;

export function extendedQuery({ session, writer, openCopy, held }: ExtendedQueryOptions): ExtendedQuery {
  const statements = new Map<string, NamedStatement>();
  const portals = new Map<string, NamedPortal>();
  /** Something ran since the last Sync, outside of an explicit transaction. */
  let implicit = false;
  let sql: string | undefined;

  async function closePortal(name: string): Promise<void> {
    const found = portals.get(name);
    if (portals.delete(name)) held.give(found?.heldBytes ?? 0);
    await found?.portal?.close();
  }

  function forgetStatement(name: string): boolean {
    held.give(statements.get(name)?.heldBytes ?? 0);
    return statements.delete(name);
  }

  function checkRoom(names: ReadonlyMap<string, unknown>, what: string): void {
    if (names.size < NAMES_MAX) return;
    throw new SqlError("54000", `too many ${what}`, { hint: `A connection may keep ${NAMES_MAX}: close some.` });
  }

  function statementOf(name: string): NamedStatement {
    const found = statements.get(name);
    if (found === undefined) {
      throw new SqlError(
        SQL_STATE.invalidSqlStatementName,
        name === "" ? "unnamed prepared statement does not exist" : `prepared statement "${name}" does not exist`,
      );
    }
    sql = found.sql;
    return found;
  }

  function portalOf(name: string): NamedPortal {
    const found = portals.get(name);
    if (found === undefined) throw new SqlError(SQL_STATE.invalidCursorName, `portal "${name}" does not exist`);
    sql = found.sql;
    return found;
  }

  async function parse(body: BodyReader): Promise<void> {
    const name = body.text();
    if (name === "") forgetStatement(name);
    else if (statements.has(name)) {
      throw new SqlError(SQL_STATE.duplicatePreparedStatement, `prepared statement "${name}" already exists`);
    }
    checkRoom(statements, "prepared statements");
    const text = body.text();
    sql = text;
    const types = Array.from({ length: body.count() }, () => typeOfOid(body.int32()));
    const [statement, ...more] = session.parse(text);
    if (more.length > 0) {
      throw new SqlError(SQL_STATE.syntaxError, "cannot insert multiple commands into a prepared statement");
    }
    const heldBytes = LEAST_BYTES + text.length * TREE_BYTES;
    held.take(heldBytes);
    try {
      const prepared = statement === undefined ? undefined : await session.prepare(statement, types);
      statements.set(name, { sql: text, heldBytes, prepared });
    } catch (error) {
      held.give(heldBytes);
      throw error;
    }
    writeBare(writer, "1");
  }

  async function bind(body: BodyReader): Promise<void> {
    const name = body.text();
    const { sql: text, prepared } = statementOf(body.text());
    const formats = Array.from({ length: body.count() }, () => formatOf(body.int16()));
    const given = Array.from({ length: body.count() }, () => {
      const length = body.int32();
      return length < 0 ? null : body.bytes(length);
    });
    const resultFormats = Array.from({ length: body.count() }, () => formatOf(body.int16()));
    const wanted = prepared?.parameters ?? [];
    if (formats.length > 1 && formats.length !== given.length) {
      throw violation(`bind message has ${formats.length} parameter formats but ${given.length} parameters`);
    }
    if (given.length !== wanted.length) {
      throw violation(
        `bind message supplies ${given.length} parameters, but prepared statement requires ${wanted.length}`,
      );
    }
    const columns = prepared?.columns?.length ?? 0;
    if (resultFormats.length > 1 && columns > 0 && resultFormats.length !== columns) {
      throw violation(`bind message has ${resultFormats.length} result formats but query has ${columns} columns`);
    }
    if (name !== "" && portals.has(name)) {
      throw new SqlError(SQL_STATE.duplicateCursor, `portal "${name}" already exists`);
    }
    await closePortal(name);
    checkRoom(portals, "portals");
    const heldBytes = given.reduce((sum, bytes) => sum + 2 * (bytes?.length ?? 0), LEAST_BYTES);
    const values = given.map((bytes, index) =>
      bytes === null
        ? null
        : decodeValue(wanted[index]!, (formats.length === 1 ? formats[0] : formats[index]) ?? 0, bytes),
    );
    const portal = prepared && openPortal({ session, prepared, values, formats: resultFormats, copyIn: openCopy });
    held.take(heldBytes);
    portals.set(name, { sql: text, heldBytes, portal });
    writeBare(writer, "2");
  }

  function describe(body: BodyReader): void {
    const what = kindOf(body);
    const name = body.text();
    if (what === "P") {
      const { portal } = portalOf(name);
      describeColumns(portal?.prepared, (index) => portal?.format(index) ?? TEXT);
      return;
    }
    const { prepared } = statementOf(name);
    const parameters = prepared?.parameters ?? [];
    writer.begin("t").int16(parameters.length);
    for (const type of parameters) writer.int32(typeOid(type));
    writer.end();
    describeColumns(prepared, () => TEXT);
  }

  function describeColumns(prepared: SqlPrepared | undefined, format: (index: number) => number): void {
    if (prepared?.columns === undefined || isCopy(prepared)) writeBare(writer, "n");
    else writeRowDescription(writer, prepared.columns, format);
  }

  async function execute(body: BodyReader): Promise<void> {
    const { portal } = portalOf(body.text());
    const rowsMax = Math.max(0, body.int32());
    if (portal === undefined) {
      writeBare(writer, "I");
      return;
    }
    if (deallocated(portal.prepared.statement)) return;
    // Again, too, where an explicit transaction has ended since the last Sync.
    if (session.transaction === "idle") {
      implicit = true;
      session.beginImplicit();
    }
    await portal.run(writer, rowsMax);
  }

  async function close(body: BodyReader): Promise<void> {
    const what = kindOf(body);
    const name = body.text();
    if (what === "S") forgetStatement(name);
    else await closePortal(name);
    writeBare(writer, "3");
  }

  function deallocated({ verb, sql: text }: SqlStatement): boolean {
    if (verb !== "DEALLOCATE") return false;
    const [, quoted, plain = ""] = /^deallocate\s+(?:prepare\s+)?(?:"((?:[^"]|"")*)"|(\S+))$/i.exec(text) ?? [];
    if (quoted === undefined && plain.toLowerCase() === "all") {
      for (const name of [...statements.keys()]) forgetStatement(name);
      return false;
    }
    if (!forgetStatement(quoted?.replaceAll('""', '"') ?? plain.toLowerCase())) return false;
    writer.begin("C").text("DEALLOCATE").end();
    return true;
  }

  const handlers: Readonly<Record<string, (body: BodyReader) => Promise<void> | void>> = {
    P: parse,
    B: bind,
    D: describe,
    E: execute,
    C: close,
  };

  return {
    types: new Set(Object.keys(handlers)),
    get sql() {
      return sql;
    },
    async handle(message) {
      sql = undefined;
      await handlers[message.type]?.(bodyReader(message.body));
    },
    async end(outcome) {
      const ran = implicit;
      implicit = false;
      // After an error also where none is open: the session has then come to terms with it when it answers.
      if (outcome === "rollback") {
        if (ran) await this.closePortals().catch(() => undefined);
        await session.endImplicit("rollback");
      } else if (ran) await session.endImplicit("commit");
    },
    async closePortals() {
      for (const name of [...portals.keys()]) await closePortal(name);
    },
    async forgetUnnamed() {
      forgetStatement("");
      await closePortal("");
    },
    deallocated,
  };
}

/** Its rows are lines of COPY's data, which the protocol does not describe. */
export function isCopy(prepared: SqlPrepared): boolean {
  return prepared.statement.verb === "COPY";
}

function kindOf(body: BodyReader): "S" | "P" {
  const kind = String.fromCharCode(body.byte());
  if (kind === "S" || kind === "P") return kind;
  throw violation(`invalid kind ${JSON.stringify(kind)}: it is S for a statement or P for a portal`);
}

function formatOf(code: number): number {
  if (code === TEXT || code === BINARY) return code;
  throw new SqlError(SQL_STATE.invalidParameterValue, `unsupported format code: ${code}`);
}

function violation(message: string): SqlError {
  return new SqlError(SQL_STATE.protocolViolation, message);
}
