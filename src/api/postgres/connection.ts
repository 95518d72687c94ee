/** One client: from its first byte to its last. */
import { randomInt } from "node:crypto";
import type { Socket } from "node:net";
import type { Clock } from "../../core/clock.js";
import type { SqlDatabase, SqlPrepared, SqlSession } from "../../redshift/database.js";
import { fatal, isSqlError, SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { typeOfOid, typeOid } from "../../redshift/types.js";
import {
  sqlErrorOf,
  writeBare,
  writeError,
  writeNotice,
  writeParameterStatus,
  writeReady,
  writeRowDescription,
} from "./answers.js";
import { type Authentication, authenticate } from "./authentication.js";
import { copyIn } from "./copy.js";
import { decodeValue } from "./decode-value.js";
import { bodyReader, type Message, type MessageReader } from "./message-reader.js";
import { type MessageWriter, messageWriter } from "./message-writer.js";
import { openPortal, type Portal } from "./portal.js";
import { type Certificate, settingsOf, startUp } from "./startup.js";

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly database: SqlDatabase;
  readonly clock: Clock;
  readonly authentication: Authentication;
  readonly certificate: Certificate | undefined;
  readonly log: (message: string, error: unknown) => void;
  /** Aborted when the server closes. */
  readonly shutdown: AbortSignal;
  /** Cancels a session whose secret is known; silent where it is wrong. */
  readonly cancel: (processId: number, secret: number) => void;
  /** Keeps a session's secret until it is called again with undefined. */
  readonly remember: (processId: number, secret: number | undefined) => void;
}

/** Between the first byte and being authenticated. */
const STARTUP_MS_MAX = 60_000;

/** What drivers read from the start, where the session has no setting of the name. */
const REPORTED: readonly (readonly [name: string, value: string])[] = [
  ["server_version", "8.0.2"],
  ["server_encoding", "UTF8"],
  ["client_encoding", "UTF8"],
  ["DateStyle", "ISO, MDY"],
  ["TimeZone", "UTC"],
  ["integer_datetimes", "on"],
  ["standard_conforming_strings", "on"],
  ["is_superuser", "on"],
  ["server_protocol_version", "0"],
  ["datashare_enabled", "off"],
  ["external_database", "off"],
];
const REPORTED_NAMES = new Map(REPORTED.map(([name]) => [name.toLowerCase(), name]));

/** Resolves when the connection is over. */
export async function serveConnection(options: ConnectionOptions): Promise<void> {
  const { socket: plain, clock } = options;
  const late = new AbortController();
  clock.sleep(STARTUP_MS_MAX, late.signal).then(
    () => plain.destroy(),
    () => undefined,
  );
  let writer: MessageWriter | undefined;
  let session: SqlSession | undefined;
  try {
    const startup = await startUp(plain, options.certificate);
    if (startup.kind === "gone") return;
    if (startup.kind === "cancel") {
      options.cancel(startup.processId, startup.secret);
      return;
    }
    const { socket, reader, parameters } = startup;
    socket.on("error", () => undefined);
    writer = messageWriter(socket);
    if (startup.protocolMinor > 0) writer.begin("v").int32(0).int32(0).end();
    const user = parameters.get("user");
    if (user === undefined || user === "") {
      throw new SqlError(SQL_STATE.invalidAuthorization, "no user name specified in startup packet", {
        severity: "FATAL",
      });
    }
    await authenticate(options.authentication, user, reader, writer);
    session = await options.database.connect({
      user,
      database: parameters.get("database") ?? user,
      applicationName: parameters.get("application_name") ?? "",
      remote: `${plain.remoteAddress ?? ""}:${plain.remotePort ?? ""}`,
      settings: settingsOf(parameters),
    });
    late.abort();
    await converse(options, session, reader, writer, socket);
  } catch (error) {
    if (writer === undefined) writer = messageWriter(plain);
    const known = sqlErrorOf(error, (cause) => options.log("a connection failed", cause));
    writeError(writer, fatal(known));
    writer.flush();
  } finally {
    late.abort();
    if (session !== undefined) {
      options.remember(session.processId, undefined);
      session.cancel();
      await session.close().catch((error: unknown) => options.log("a session could not be closed", error));
    }
    plain.end();
  }
}

async function converse(
  options: ConnectionOptions,
  session: SqlSession,
  reader: MessageReader,
  writer: MessageWriter,
  socket: { destroySoon(): unknown; on(event: "close", listener: () => void): unknown },
): Promise<void> {
  const secret = randomInt(-(2 ** 31), 2 ** 31);
  options.remember(session.processId, secret);
  // A statement whose client has left is of no use to anybody.
  socket.on("close", () => session.cancel());
  session.onNotice((notice) => writeNotice(writer, notice));
  const end = (reason: Error) => {
    const known = isSqlError(reason) ? reason : new SqlError(SQL_STATE.adminShutdown, reason.message);
    writeError(writer, fatal(known));
    writer.flush();
    socket.destroySoon();
  };
  session.onEnd(end);
  const onShutdown = () => end(new SqlError(SQL_STATE.adminShutdown, "terminating connection: Penstock is stopping"));
  if (options.shutdown.aborted) onShutdown();
  options.shutdown.addEventListener("abort", onShutdown);
  socket.on("close", () => options.shutdown.removeEventListener("abort", onShutdown));
  for (const [name, value] of REPORTED) {
    writeParameterStatus(writer, name, session.setting(name.toLowerCase()) ?? value);
  }
  writeParameterStatus(writer, "session_authorization", session.user);
  writeParameterStatus(writer, "application_name", session.setting("application_name") ?? "");
  session.onSetting((name, value) => {
    const reported = REPORTED_NAMES.get(name.toLowerCase()) ?? (name === "application_name" ? name : undefined);
    if (reported !== undefined) writeParameterStatus(writer, reported, value);
  });
  writer.begin("K").int32(session.processId).int32(secret).end();
  writeReady(writer, session.transaction);
  writer.flush();
  await extendedAndSimple(options, session, reader, writer);
}

interface Prepared {
  readonly sql: string;
  /** Undefined for an empty statement. */
  readonly prepared: SqlPrepared | undefined;
}

async function extendedAndSimple(
  options: ConnectionOptions,
  session: SqlSession,
  reader: MessageReader,
  writer: MessageWriter,
): Promise<void> {
  const statements = new Map<string, Prepared>();
  const portals = new Map<string, { readonly sql: string; readonly portal: Portal | undefined }>();
  /** Something was run since the last Sync, and belongs together. */
  let implicit = false;
  /** An error came: everything up to the next Sync is passed over. */
  let skipping = false;
  let lastSql: string | undefined;
  const logged = (error: unknown) => sqlErrorOf(error, (cause) => options.log("a statement failed", cause));

  async function closePortal(name: string): Promise<void> {
    const found = portals.get(name);
    portals.delete(name);
    await found?.portal?.close();
  }

  async function closePortals(): Promise<void> {
    for (const name of [...portals.keys()]) await closePortal(name);
  }

  async function parse(message: Message): Promise<void> {
    const body = bodyReader(message.body);
    const name = body.text();
    const sql = body.text();
    const types = Array.from({ length: body.int16() }, () => typeOfOid(body.int32()));
    lastSql = sql;
    if (name !== "" && statements.has(name)) {
      throw new SqlError(SQL_STATE.duplicatePreparedStatement, `prepared statement "${name}" already exists`);
    }
    const [statement, ...more] = session.parse(sql);
    if (more.length > 0) {
      throw new SqlError(SQL_STATE.syntaxError, "cannot insert multiple commands into a prepared statement");
    }
    const prepared = statement === undefined ? undefined : await session.prepare(statement, types);
    statements.set(name, { sql, prepared });
    writeBare(writer, "1");
  }

  function statementOf(name: string): Prepared {
    const found = statements.get(name);
    if (found !== undefined) return found;
    throw new SqlError(
      SQL_STATE.invalidSqlStatementName,
      name === "" ? "unnamed prepared statement does not exist" : `prepared statement "${name}" does not exist`,
    );
  }

  async function bind(message: Message): Promise<void> {
    const body = bodyReader(message.body);
    const name = body.text();
    const { sql, prepared } = statementOf(body.text());
    lastSql = sql;
    const formats = Array.from({ length: body.int16() }, () => body.int16());
    const raw = Array.from({ length: body.int16() }, () => {
      const length = body.int32();
      return length < 0 ? null : body.bytes(length);
    });
    const resultFormats = Array.from({ length: body.int16() }, () => body.int16());
    if (name !== "" && portals.has(name)) {
      throw new SqlError(SQL_STATE.duplicateCursor, `portal "${name}" already exists`);
    }
    await closePortal(name);
    const wanted = prepared?.parameters ?? [];
    if (raw.length !== wanted.length) {
      throw new SqlError(
        SQL_STATE.protocolViolation,
        `bind message supplies ${raw.length} parameters, but prepared statement requires ${wanted.length}`,
      );
    }
    const values = raw.map((bytes, index) =>
      bytes === null
        ? null
        : decodeValue(wanted[index]!, formats.length === 1 ? formats[0]! : (formats[index] ?? 0), bytes),
    );
    const portal =
      prepared === undefined
        ? undefined
        : openPortal({ session, prepared, values, formats: resultFormats, copyIn: copyIn(reader, writer) });
    portals.set(name, { sql, portal });
    writeBare(writer, "2");
  }

  function describe(message: Message): void {
    const body = bodyReader(message.body);
    const what = String.fromCharCode(body.byte());
    const name = body.text();
    if (what === "S") {
      const { prepared } = statementOf(name);
      const parameters = prepared?.parameters ?? [];
      writer.begin("t").int16(parameters.length);
      for (const type of parameters) writer.int32(typeOid(type));
      writer.end();
      describeColumns(prepared, () => 0);
      return;
    }
    const { portal } = portalOf(name);
    describeColumns(portal?.prepared, (index) => portal?.format(index) ?? 0);
  }

  function describeColumns(prepared: SqlPrepared | undefined, format: (index: number) => number): void {
    if (prepared?.columns === undefined || isCopy(prepared)) writeBare(writer, "n");
    else writeRowDescription(writer, prepared.columns, format);
  }

  function portalOf(name: string) {
    const found = portals.get(name);
    if (found !== undefined) return found;
    throw new SqlError(SQL_STATE.invalidCursorName, `portal "${name}" does not exist`);
  }

  async function execute(message: Message): Promise<void> {
    const body = bodyReader(message.body);
    const { sql, portal } = portalOf(body.text());
    const rowsMax = Math.max(0, body.int32());
    lastSql = sql;
    if (portal === undefined) {
      writeBare(writer, "I");
      return;
    }
    if (!implicit && session.transaction === "idle") {
      implicit = true;
      session.beginImplicit();
    }
    await portal.run(writer, rowsMax);
  }

  async function sync(): Promise<void> {
    const failed = skipping;
    skipping = false;
    if (implicit) {
      implicit = false;
      if (failed) await closePortals();
      try {
        await session.endImplicit(failed ? "rollback" : "commit");
      } catch (error) {
        writeError(writer, logged(error));
      }
    }
    if (session.transaction === "idle") await closePortals();
    writeReady(writer, session.transaction);
    writer.flush();
    await writer.drain();
  }

  async function simple(message: Message): Promise<void> {
    const sql = bodyReader(message.body).text();
    skipping = false;
    let together = false;
    try {
      const parsed = session.parse(sql);
      if (parsed.length === 0) writeBare(writer, "I");
      together = parsed.length > 1;
      if (together) session.beginImplicit();
      for (const statement of parsed) {
        const input = copyIn(reader, writer);
        try {
          const prepared = await session.prepare(statement);
          const portal = openPortal({ session, prepared, values: [], formats: [], copyIn: input });
          if (prepared.columns !== undefined && !isCopy(prepared))
            writeRowDescription(writer, prepared.columns, () => 0);
          await portal.run(writer, 0);
        } finally {
          await input.finish();
        }
      }
      if (together) {
        together = false;
        await session.endImplicit("commit");
      }
    } catch (error) {
      if (together) await session.endImplicit("rollback").catch(() => undefined);
      const known = logged(error);
      writeError(writer, known, sql);
      if (known.severity === "FATAL") throw error;
    }
    if (session.transaction === "idle") await closePortals();
    writeReady(writer, session.transaction);
    writer.flush();
    await writer.drain();
  }

  async function extended(message: Message): Promise<void> {
    switch (message.type) {
      case "P":
        return parse(message);
      case "B":
        return bind(message);
      case "D":
        return describe(message);
      case "E":
        return execute(message);
      case "C": {
        const body = bodyReader(message.body);
        const what = String.fromCharCode(body.byte());
        const name = body.text();
        if (what === "S") statements.delete(name);
        else await closePortal(name);
        writeBare(writer, "3");
        return;
      }
      case "F":
        throw new SqlError(SQL_STATE.featureNotSupported, "function calls of the protocol are not supported");
      default:
        throw new SqlError(SQL_STATE.protocolViolation, `invalid frontend message type ${message.type.charCodeAt(0)}`, {
          severity: "FATAL",
        });
    }
  }

  for (;;) {
    const message = await reader.next();
    if (message === undefined || message.type === "X") return;
    if (message.type === "Q") await simple(message);
    else if (message.type === "S") await sync();
    else if (message.type === "H") {
      writer.flush();
      await writer.drain();
    } else if (!skipping && !["d", "c", "f"].includes(message.type)) {
      try {
        await extended(message);
      } catch (error) {
        const known = logged(error);
        if (known.severity === "FATAL") throw known;
        writeError(writer, known, lastSql);
        skipping = true;
      }
    }
  }
}

/** Its rows are lines of COPY's data, which the protocol does not describe. */
function isCopy(prepared: SqlPrepared): boolean {
  return prepared.statement.verb === "COPY";
}
