/** The door for SQL clients: PostgreSQL's protocol 3.0, as Redshift speaks it. */
import { createServer, type Socket } from "node:net";
import type { Clock } from "../../core/clock.js";
import type { Credential } from "../../core/credential.js";
import { messageOf, PenstockError } from "../../core/errors.js";
import type { SqlDatabase } from "../../redshift/database.js";
import { fatal, SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { writeError } from "./answers.js";
import type { AuthenticationMethod } from "./authentication.js";
import { serveConnection } from "./connection.js";
import { messageWriter } from "./message-writer.js";
import type { Certificate } from "./startup.js";

export interface PostgresServerOptions {
  readonly database: SqlDatabase;
  readonly clock: Clock;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Empty: anybody who reaches the address is let in, under any name. */
  readonly credentials: readonly Credential[];
  /** Default md5, which all of Redshift's drivers know. */
  readonly method?: AuthenticationMethod;
  /** Clients that ask for TLS get it, others may go on without. */
  readonly certificate?: Certificate;
  /** Connections at one time, those that are still to say who they are included. Default 500, as Redshift's. */
  readonly connectionsMax?: number;
  readonly log: (message: string, error: unknown) => void;
}

export interface PostgresServer {
  readonly port: number;
  /** Takes no new client, tells those that are here (57P01), and resolves when they are gone. */
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 500;
/** Under way to the kernel's own check that the other side is still there. */
const KEEP_ALIVE_MS = 60_000;

/** For a client to read why it is sent away. */
const LAST_WORDS_MS = 1000;

export async function postgresServer(options: PostgresServerOptions): Promise<PostgresServer> {
  const secrets = new Map<number, number>();
  const shutdown = new AbortController();
  const open = new Map<Socket, Promise<void>>();
  const connectionsMax = options.connectionsMax ?? CONNECTIONS_MAX;

  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) => {
    socket.on("error", () => undefined);
    if (open.size >= connectionsMax) {
      refuse(
        socket,
        new SqlError(SQL_STATE.tooManyConnections, `too many clients: at most ${connectionsMax} are served`),
      );
      return;
    }
    const served = serveConnection({
      socket,
      database: options.database,
      clock: options.clock,
      authentication: { method: options.method ?? "md5", credentials: options.credentials },
      certificate: options.certificate,
      log: options.log,
      shutdown: shutdown.signal,
      cancel: (processId, secret) => {
        if (secrets.get(processId) === secret) options.database.cancel(processId);
      },
      remember: (processId, secret) => {
        if (secret === undefined) secrets.delete(processId);
        else secrets.set(processId, secret);
      },
    })
      .catch((error: unknown) => options.log("a connection failed", error))
      .finally(() => open.delete(socket));
    open.set(socket, served);
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, options)));
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      shutdown.abort();
      // Those that have not said yet who they are.
      const late = setTimeout(() => {
        for (const socket of open.keys()) socket.destroy();
      }, LAST_WORDS_MS);
      await Promise.all(open.values());
      clearTimeout(late);
      await closed;
    },
  };
}

function refuse(socket: Socket, error: SqlError): void {
  const writer = messageWriter(socket);
  writeError(writer, fatal(error));
  writer.flush();
  socket.end();
  socket.destroySoon();
}

function listenError(error: NodeJS.ErrnoException, { host, port }: PostgresServerOptions): PenstockError {
  const busy = error.code === "EADDRINUSE";
  return new PenstockError(
    busy ? "locked" : "unavailable",
    busy
      ? `The SQL port ${port} of ${host} is taken by another program.`
      : `The SQL port ${port} of ${host} cannot be listened on: ${messageOf(error)}.`,
    { cause: error, hint: "Give another one with --sql-port, or 0 for any free one." },
  );
}
