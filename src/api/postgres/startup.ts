/** The first messages of a connection: TLS, cancellation, who it is and what it wants. */
import type { Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { bodyReader, type MessageReader, messageReader } from "./message-reader.js";

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const PROTOCOL_MAJOR = 3;

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export type Startup =
  | {
      readonly kind: "session";
      readonly socket: Socket | TLSSocket;
      readonly reader: MessageReader;
      readonly protocolMinor: number;
      /** As sent: user, database, application_name, options, and what the drivers add. */
      readonly parameters: ReadonlyMap<string, string>;
    }
  | { readonly kind: "cancel"; readonly processId: number; readonly secret: number }
  | { readonly kind: "gone" };

/** Rejects with SqlError for what is none. */
export async function startUp(plain: Socket, certificate: Certificate | undefined): Promise<Startup> {
  let socket: Socket | TLSSocket = plain;
  let reader = messageReader(socket);
  for (;;) {
    const message = await reader.nextStartup();
    if (message === undefined) return { kind: "gone" };
    const body = bodyReader(message.body);
    const code = body.int32();
    if (code === SSL_REQUEST) {
      if (certificate === undefined || socket !== plain) {
        socket.write("N");
        continue;
      }
      // Whoever stands between could have put bytes behind the request, to be taken for the client's own once it is encrypted.
      if (reader.buffered > 0) throw violation("received unencrypted data after SSL request");
      socket = await encrypted(plain, certificate);
      reader = messageReader(socket);
    } else if (code === GSS_REQUEST) {
      socket.write("N");
    } else if (code === CANCEL_REQUEST) {
      return { kind: "cancel", processId: body.int32(), secret: body.int32() };
    } else if (code >> 16 === PROTOCOL_MAJOR) {
      const parameters = new Map<string, string>();
      for (let name = body.text(); name !== ""; name = body.text()) parameters.set(name, body.text());
      return { kind: "session", socket, reader, protocolMinor: code & 0xffff, parameters };
    } else {
      throw violation(`unsupported frontend protocol ${code >> 16}.${code & 0xffff}: server supports 3.0`);
    }
  }
}

function encrypted(plain: Socket, { cert, key }: Certificate): Promise<TLSSocket> {
  plain.removeAllListeners("readable");
  plain.write("S");
  const secure = new TLSSocket(plain, { isServer: true, secureContext: createSecureContext({ cert, key }) });
  return new Promise((resolve, reject) => {
    secure.once("secure", () => resolve(secure));
    secure.once("error", reject);
    secure.once("close", () => reject(violation("the connection ended in the TLS handshake")));
  });
}

function violation(message: string): SqlError {
  return new SqlError(SQL_STATE.protocolViolation, message, { severity: "FATAL" });
}

/** Settings among the start's parameters: those of `options` (`-c name=value`, `--name=value`), and all that is none of the protocol's own. */
export function settingsOf(parameters: ReadonlyMap<string, string>): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value] of parameters) {
    if (!["user", "database", "options", "replication"].includes(name)) settings[name.toLowerCase()] = value;
  }
  const words = (parameters.get("options") ?? "").match(/(?:\\.|[^\s\\])+/g) ?? [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!.replace(/\\(.)/g, "$1");
    const text = word === "-c" ? (words[++index] ?? "").replace(/\\(.)/g, "$1") : word.replace(/^(--|-c)/, "");
    const equals = text.indexOf("=");
    if (equals > 0) settings[text.slice(0, equals).replaceAll("-", "_").toLowerCase()] = text.slice(equals + 1);
  }
  return settings;
}
