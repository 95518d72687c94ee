/** One client: from its first byte to its last. */
import { randomInt } from "node:crypto";
import type { Socket } from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
import type { Clock } from "../../core/clock.js";
import type { SqlDatabase, SqlSession } from "../../redshift/database.js";
import { fatal, isSqlError, SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { sqlErrorOf, writeError, writeNotice, writeReady } from "./answers.js";
import type { Authenticator } from "./authentication.js";
import { converse } from "./conversation.js";
import { type HeldBytes, ownBytes } from "./held-bytes.js";
import { type MessageWriter, messageWriter } from "./message-writer.js";
import { reportSettings } from "./reported-settings.js";
import { type StartupPacket, settingsOf, startUp } from "./startup.js";

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly database: SqlDatabase;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  /** For clients that ask for TLS. */
  readonly secureContext: SecureContext | undefined;
  /** Of all connections. */
  readonly held: HeldBytes;
  readonly log: (message: string, error: unknown) => void;
  /** A place among those that may be served at once; throws SqlError where none is left. */
  readonly admit: () => void;
  /** Cancels a session whose secret is known; silent where it is wrong. */
  readonly cancel: (processId: number, secret: number) => void;
  /** Keeps a session's secret until it is called again with undefined. */
  readonly remember: (processId: number, secret: number | undefined) => void;
}

export interface Connection {
  /** Resolves when it is over; never rejects. */
  readonly over: Promise<void>;
  /** Tells the client why, and hangs up. */
  end(reason: SqlError): void;
}

/** Between the first byte and being let in. PostgreSQL's authentication_timeout. */
const STARTUP_MS_MAX = 60_000;
/** For a client to take the last words, if it reads at all. */
const LAST_WORDS_MS = 1000;

export function serveConnection(options: ConnectionOptions): Connection {
  const { socket: plain, clock, database, log } = options;
  const held = ownBytes(options.held);
  const closed = new AbortController();
  let socket: Socket | TLSSocket = plain;
  let writer: MessageWriter = messageWriter(plain);
  let session: SqlSession | undefined;
  let hungUp = false;

  const destroyAfter = (ms: number, signal: AbortSignal) =>
    void clock.sleep(ms, signal).then(
      () => plain.destroy(),
      () => undefined,
    );

  function hangUp(): void {
    if (hungUp) return;
    hungUp = true;
    writer.flush();
    socket.end();
    destroyAfter(LAST_WORDS_MS, closed.signal);
  }

  function end(reason: SqlError): void {
    if (hungUp || socket.destroyed) return;
    writeError(writer, fatal(reason));
    hangUp();
    closeSession();
  }

  function closeSession(): void {
    session?.close().catch((error: unknown) => log("a session could not be closed", error));
  }

  async function serve(): Promise<void> {
    const started = new AbortController();
    destroyAfter(STARTUP_MS_MAX, started.signal);
    try {
      const startup = await startUp(plain, options.secureContext, held);
      if (startup.kind === "gone") return;
      if (startup.kind === "cancel") {
        options.cancel(startup.processId, startup.secret);
        return;
      }
      socket = startup.socket;
      if (socket !== plain) {
        socket.on("error", () => plain.destroy());
        writer = messageWriter(socket);
      }
      options.admit();
      session = await letIn(startup);
      started.abort();
      // A statement whose client has left is of no use to anybody.
      for (const event of ["end", "close"]) socket.on(event, closeSession);
      if (socket.destroyed || socket.readableEnded) return;
      greet(session);
      await converse({ session, reader: startup.reader, writer, held, log });
    } catch (error) {
      end(sqlErrorOf(error, (cause) => log("a connection failed", cause)));
    } finally {
      started.abort();
      held.giveAll();
      if (session !== undefined) {
        options.remember(session.processId, undefined);
        await session.close().catch((error: unknown) => log("a session could not be closed", error));
      }
      hangUp();
    }
  }

  async function letIn({ reader, negotiate, parameters }: StartupPacket): Promise<SqlSession> {
    if (negotiate !== undefined) {
      writer.begin("v").int32(negotiate.version).int32(negotiate.refused.length);
      for (const name of negotiate.refused) writer.text(name);
      writer.end();
    }
    const user = parameters.get("user") ?? "";
    if (user === "") {
      throw new SqlError(SQL_STATE.invalidAuthorization, "no PostgreSQL user name specified in startup packet");
    }
    if (parameters.has("replication") && !/^(false|off|no|0)$/i.test(parameters.get("replication") ?? "")) {
      throw new SqlError(SQL_STATE.featureNotSupported, "replication connections are not supported");
    }
    await options.authenticator.admit(user, reader, writer);
    return database.connect({
      user,
      database: parameters.get("database") || user,
      applicationName: parameters.get("application_name") ?? "",
      remote: `${plain.remoteAddress ?? ""}:${plain.remotePort ?? ""}`,
      settings: settingsOf(parameters),
    });
  }

  function greet(opened: SqlSession): void {
    const secret = randomInt(-(2 ** 31), 2 ** 31);
    options.remember(opened.processId, secret);
    opened.onNotice((notice) => writeNotice(writer, notice));
    opened.onEnd((reason) => end(isSqlError(reason) ? reason : new SqlError(SQL_STATE.adminShutdown, reason.message)));
    reportSettings(opened, writer);
    writer.begin("K").int32(opened.processId).int32(secret).end();
    writeReady(writer, opened.transaction);
    writer.flush();
  }

  const over = serve().then(
    () =>
      new Promise<void>((resolve) => {
        const done = () => {
          closed.abort();
          resolve();
        };
        if (plain.destroyed) done();
        else plain.once("close", done);
      }),
  );
  return { over, end };
}
