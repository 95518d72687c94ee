/**
 * Who may come in, where credentials are configured. MD5 by default: Redshift's JDBC and Python drivers know MD5, clear text and a digest of
 * Redshift's own, and no SCRAM; all of PostgreSQL's drivers know MD5. `scram` is for those who need none of Redshift's drivers.
 */
import { createHash, randomBytes } from "node:crypto";
import { type Credential, sameText } from "../../core/credential.js";
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { bodyReader, type MessageReader, STARTUP_BYTES_MAX } from "./message-reader.js";
import type { MessageWriter } from "./message-writer.js";
import { SCRAM_MECHANISM, type ScramSecrets, scramExchange, scramSecrets } from "./scram.js";

export type AuthenticationMethod = "md5" | "scram";

const OK = 0;
const MD5_PASSWORD = 5;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;

export interface Authenticator {
  /** Resolves when the client has proved who it is; rejects with 28P01. Without credentials anybody is welcome, under any name. */
  admit(user: string, reader: MessageReader, writer: MessageWriter): Promise<void>;
}

export function authenticator(method: AuthenticationMethod, credentials: readonly Credential[]): Authenticator {
  /** What a user that is not there is asked with, so that it looks and costs the same. */
  const nobody = randomBytes(32).toString("hex");
  const secretOf = (user: string) => credentials.find(({ name }) => name === user)?.secret;
  const scram = new Map(
    method === "scram" ? credentials.map(({ name, secret }) => [name, scramSecrets(secret, saltOf(nobody, name))]) : [],
  );
  const scramOf = (user: string): ScramSecrets =>
    scram.get(user) ?? { salt: saltOf(nobody, user), storedKey: randomBytes(32), serverKey: randomBytes(32) };

  async function proveMd5(user: string, reader: MessageReader, writer: MessageWriter): Promise<boolean> {
    const salt = randomBytes(4);
    writer.begin("R").int32(MD5_PASSWORD).bytes(salt).end();
    writer.flush();
    const given = bodyReader(await passwordMessage(reader)).text();
    const inner = createHash("md5")
      .update(`${secretOf(user) ?? nobody}${user}`)
      .digest("hex");
    return sameText(given, `md5${createHash("md5").update(inner).update(salt).digest("hex")}`);
  }

  async function proveScram(user: string, reader: MessageReader, writer: MessageWriter): Promise<boolean> {
    writer.begin("R").int32(SASL).text(SCRAM_MECHANISM).byte(0).end();
    writer.flush();
    const initial = bodyReader(await passwordMessage(reader));
    const mechanism = initial.text();
    const length = initial.int32();
    const exchange = scramExchange(mechanism, initial.bytes(length).toString(), scramOf(user));
    writer.begin("R").int32(SASL_CONTINUE).bytes(Buffer.from(exchange.challenge)).end();
    writer.flush();
    const proof = exchange.prove((await passwordMessage(reader)).toString());
    if (proof === undefined) return false;
    writer.begin("R").int32(SASL_FINAL).bytes(Buffer.from(proof)).end();
    return true;
  }

  return {
    async admit(user, reader, writer) {
      if (credentials.length > 0) {
        const proved = await (method === "scram" ? proveScram : proveMd5)(user, reader, writer);
        // One answer for a wrong password and for a user that is not there.
        if (!proved || secretOf(user) === undefined) {
          throw new SqlError(SQL_STATE.invalidPassword, `password authentication failed for user "${user}"`, {
            severity: "FATAL",
          });
        }
      }
      writer.begin("R").int32(OK).end();
    },
  };
}

/** The same for a name each time it is asked for, as a stored one would be. */
function saltOf(key: string, user: string): Buffer {
  return createHash("sha256").update(key).update(user).digest().subarray(0, 16);
}

async function passwordMessage(reader: MessageReader): Promise<Buffer> {
  const message = await reader.next(STARTUP_BYTES_MAX);
  if (message?.type === "p") return message.body;
  throw message === undefined
    ? new SqlError(SQL_STATE.connectionFailure, "the client left without a password", { severity: "FATAL" })
    : new SqlError(SQL_STATE.protocolViolation, "expected password response", { severity: "FATAL" });
}
