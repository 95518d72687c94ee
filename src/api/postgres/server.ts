/** The door for SQL clients: PostgreSQL's protocol 3.0, as Redshift speaks it. */
import { createServer, type Socket } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Clock } from "../../core/clock.js";
import type { Credential } from "../../core/credential.js";
import { messageOf, PenstockError } from "../../core/errors.js";
import type { SqlDatabase } from "../../redshift/database.js";
import { fatal, SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { listenError } from "../http/listen-error.js";
import { writeError } from "./answers.js";
import { type AuthenticationMethod, authenticator } from "./authentication.js";
import { type Connection, serveConnection } from "./connection.js";
import { heldBytes } from "./held-bytes.js";
import { messageWriter } from "./message-writer.js";

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
  /** PEM texts. Clients that ask for TLS get it, others may go on without. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** Clients at one time. Default 500, as Redshift's. */
  readonly connectionsMax?: number;
  readonly log: (message: string, error: unknown) => void;
}

export interface PostgresServer {
  readonly port: number;
  /** Takes no new client, tells those that are here (57P01), and resolves when they are gone. */
  close(): Promise<void>;
}

/** Source: "Quotas and limits in Amazon Redshift", connections to a cluster. */
const CONNECTIONS_MAX = 500;
/** Sockets beyond those: of clients that are to be told that there is no room, and of their cancel requests, which must get through. */
const SPARE_SOCKETS = 100;
/** Of silence, before the kernel asks whether the other side is still there. */
const KEEP_ALIVE_MS = 60_000;

/** Rejects with PenstockError for a port that is taken and a certificate that is none. */
export async function postgresServer(options: PostgresServerOptions): Promise<PostgresServer> {
  const { database, connectionsMax = CONNECTIONS_MAX } = options;
  const secureContext = secureContextOf(options.certificate);
  const users = authenticator(options.method ?? "md5", options.credentials);
  const secrets = new Map<number, number>();
  const held = heldBytes();
  const open = new Set<Connection>();
  const admitted = new Set<Socket>();

  const full = () =>
    new SqlError(SQL_STATE.tooManyConnections, "sorry, too many clients already", {
      severity: "FATAL",
      hint: `At most ${connectionsMax} are served at once: close one, or let the application keep a pool.`,
    });

  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) => {
    socket.on("error", () => undefined);
    if (open.size >= connectionsMax + SPARE_SOCKETS) {
      refuse(socket, full());
      return;
    }
    const connection = serveConnection({
      ...options,
      socket,
      secureContext,
      held,
      authenticator: users,
      admit: () => {
        if (admitted.size >= connectionsMax) throw full();
        admitted.add(socket);
      },
      cancel: (processId, secret) => {
        if (secrets.get(processId) === secret) database.cancel(processId);
      },
      remember: (processId, secret) => {
        if (secret === undefined) secrets.delete(processId);
        else secrets.set(processId, secret);
      },
    });
    open.add(connection);
    socket.on("close", () => admitted.delete(socket));
    void connection.over.then(() => open.delete(connection));
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(listenError(error, { name: "SQL", flag: "--sql-port", host: options.host, port: options.port })),
    );
    server.listen(options.port, options.host, resolve);
  });
  // Too many open files, and the like: the next client may have more luck.
  server.on("error", (error) => options.log("a client could not be taken in", error));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const reason = new SqlError(SQL_STATE.adminShutdown, "terminating connection: Penstock is stopping");
      for (const connection of open) connection.end(reason);
      await Promise.all([...open].map(({ over }) => over));
      await closed;
    },
  };
}

function secureContextOf(certificate: PostgresServerOptions["certificate"]): SecureContext | undefined {
  if (certificate === undefined) return undefined;
  try {
    return createSecureContext({ ...certificate, minVersion: "TLSv1.2" });
  } catch (error) {
    throw new PenstockError(
      "invalid-argument",
      `The certificate for SQL clients cannot be used: ${messageOf(error)}.`,
      {
        hint: "--sql-cert is a PEM file with the certificate (and those that vouch for it), --sql-key one with its key.",
        cause: error,
      },
    );
  }
}

function refuse(socket: Socket, error: SqlError): void {
  const writer = messageWriter(socket);
  writeError(writer, fatal(error));
  writer.flush();
  socket.destroySoon();
}
