/** The first messages of a connection: TLS, cancellation, who it is and what it wants. */
import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import type { HeldBytes } from "./held-bytes.js";
import { bodyReader, type MessageReader, messageReader } from "./message-reader.js";

const CANCEL_REQUEST = 80877102;
const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const PROTOCOL_MAJOR = 3;
/** 3.0, the newest that is spoken here. */
const PROTOCOL = PROTOCOL_MAJOR << 16;
/** Of parameters that are options of the protocol and not settings. */
const PROTOCOL_OPTION = "_pq_.";

export interface StartupPacket {
  readonly kind: "session";
  readonly socket: Socket | TLSSocket;
  readonly reader: MessageReader;
  /** The body of NegotiateProtocolVersion, where the client asked for more than there is. */
  readonly negotiate: { readonly version: number; readonly refused: readonly string[] } | undefined;
  /** As sent: user, database, application_name, options, and what the drivers add. */
  readonly parameters: ReadonlyMap<string, string>;
}

export type Startup =
  | StartupPacket
  | { readonly kind: "cancel"; readonly processId: number; readonly secret: number }
  | { readonly kind: "gone" };

/** Rejects with SqlError for what is none. */
export async function startUp(
  plain: Socket,
  secureContext: SecureContext | undefined,
  held: HeldBytes,
): Promise<Startup> {
  let socket: Socket | TLSSocket = plain;
  let reader = messageReader(socket, held);
  for (;;) {
    const message = await reader.nextStartup();
    if (message === undefined) return { kind: "gone" };
    const body = bodyReader(message.body);
    const code = body.int32();
    if (code === SSL_REQUEST) {
      if (secureContext === undefined || socket !== plain) {
        socket.write("N");
        continue;
      }
      // Whoever stands between could have put bytes behind the request, to be taken for the client's own once it is encrypted.
      if (reader.buffered > 0) throw violation("received unencrypted data after SSL request");
      reader.detach();
      socket = await encrypted(plain, secureContext);
      reader = messageReader(socket, held);
    } else if (code === GSS_REQUEST) {
      socket.write("N");
    } else if (code === CANCEL_REQUEST) {
      return { kind: "cancel", processId: body.int32(), secret: body.int32() };
    } else if (code >> 16 === PROTOCOL_MAJOR) {
      return packet(socket, reader, code, parametersOf(message.body.subarray(4)));
    } else {
      throw violation(`unsupported frontend protocol ${code >>> 16}.${code & 0xffff}: server supports 3.0`);
    }
  }
}

function parametersOf(bytes: Buffer): Map<string, string> {
  const body = bodyReader(bytes);
  const parameters = new Map<string, string>();
  for (let name = body.text(); name !== ""; name = body.text()) parameters.set(name, body.text());
  return parameters;
}

function packet(
  socket: Socket | TLSSocket,
  reader: MessageReader,
  version: number,
  parameters: Map<string, string>,
): StartupPacket {
  const refused = [...parameters.keys()].filter((name) => name.startsWith(PROTOCOL_OPTION));
  for (const name of refused) parameters.delete(name);
  const negotiate = version > PROTOCOL || refused.length > 0 ? { version: PROTOCOL, refused } : undefined;
  return { kind: "session", socket, reader, negotiate, parameters };
}

function encrypted(plain: Socket, secureContext: SecureContext): Promise<TLSSocket> {
  plain.write("S");
  const secure = new TLSSocket(plain, { isServer: true, secureContext });
  return new Promise((resolve, reject) => {
    const failed = (error?: Error) =>
      reject(
        new SqlError(SQL_STATE.connectionFailure, "the TLS handshake failed", { severity: "FATAL", cause: error }),
      );
    secure.once("error", failed);
    secure.once("close", () => failed());
    secure.once("secure", () => {
      secure.off("error", failed);
      resolve(secure);
    });
  });
}

function violation(message: string): SqlError {
  return new SqlError(SQL_STATE.protocolViolation, message, { severity: "FATAL" });
}

/** The protocol's own; all others are settings, as the drivers of Redshift send them and PostgreSQL's, too. */
const OWN_PARAMETERS: ReadonlySet<string> = new Set(["user", "database", "options", "replication"]);

/** Settings among the start's parameters; those of `options` (`-c name=value`, `--name=value`) count less than those that stand by themselves. */
export function settingsOf(parameters: ReadonlyMap<string, string>): Record<string, string> {
  const settings: Record<string, string> = {};
  const words = (parameters.get("options") ?? "").match(/(?:\\.|[^\s\\])+/gs) ?? [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!.replace(/\\(.)/gs, "$1");
    const text = word === "-c" ? (words[++index] ?? "").replace(/\\(.)/gs, "$1") : word.replace(/^(--|-c)/, "");
    const equals = text.indexOf("=");
    if (equals > 0) settings[text.slice(0, equals).replaceAll("-", "_").toLowerCase()] = text.slice(equals + 1);
  }
  for (const [name, value] of parameters) {
    if (!OWN_PARAMETERS.has(name)) settings[name.toLowerCase()] = value;
  }
  return settings;
}
