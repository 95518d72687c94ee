/**
 * Who may come in, where credentials are configured. MD5 by default: Redshift's own drivers know it and SCRAM not; `scram` for those who
 * need none of those drivers. Sources: PostgreSQL's protocol, RFC 5802 and RFC 7677.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import type { Credential } from "../../core/credential.js";
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { bodyReader, type MessageReader } from "./message-reader.js";
import type { MessageWriter } from "./message-writer.js";

export type AuthenticationMethod = "md5" | "scram";

const OK = 0;
const MD5_PASSWORD = 5;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;

const SCRAM = "SCRAM-SHA-256";
const SCRAM_ITERATIONS = 4096;

export interface Authentication {
  readonly method: AuthenticationMethod;
  readonly credentials: readonly Credential[];
}

/** Resolves when the client has proved who it is; rejects with 28P01. Without credentials anybody is welcome. */
export async function authenticate(
  { method, credentials }: Authentication,
  user: string,
  reader: MessageReader,
  writer: MessageWriter,
): Promise<void> {
  if (credentials.length > 0) {
    const credential = credentials.find(({ name }) => name === user);
    const passed =
      method === "scram" ? await scram(credential, reader, writer) : await md5(credential, user, reader, writer);
    // One answer for a wrong password and for a user that is not there.
    if (!passed) {
      throw new SqlError(SQL_STATE.invalidPassword, `password authentication failed for user "${user}"`, {
        severity: "FATAL",
      });
    }
  }
  writer.begin("R").int32(OK).end();
}

async function md5(
  credential: Credential | undefined,
  user: string,
  reader: MessageReader,
  writer: MessageWriter,
): Promise<boolean> {
  const salt = randomBytes(4);
  writer.begin("R").int32(MD5_PASSWORD).bytes(salt).end();
  writer.flush();
  const given = bodyReader(await passwordMessage(reader)).text();
  // A user that is not there costs the same work.
  const secret = credential?.secret ?? randomBytes(16).toString("hex");
  const inner = hex(`${secret}${user}`);
  const wanted = `md5${createHash("md5").update(inner).update(salt).digest("hex")}`;
  return equal(Buffer.from(given), Buffer.from(wanted)) && credential !== undefined;
}

function hex(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

async function passwordMessage(reader: MessageReader): Promise<Buffer> {
  const message = await reader.next();
  if (message?.type !== "p") {
    throw new SqlError(SQL_STATE.protocolViolation, "expected a password message", { severity: "FATAL" });
  }
  return message.body;
}

async function scram(
  credential: Credential | undefined,
  reader: MessageReader,
  writer: MessageWriter,
): Promise<boolean> {
  writer.begin("R").int32(SASL).text(SCRAM).byte(0).end();
  writer.flush();
  const first = bodyReader(await passwordMessage(reader));
  const mechanism = first.text();
  const length = first.int32();
  if (mechanism !== SCRAM || length < 0) throw violated(`the mechanism ${mechanism} is not offered`);
  const clientFirst = first.bytes(length).toString();
  const header = /^(n|y),[^,]*,/.exec(clientFirst);
  if (header === null) throw violated("channel binding is not supported");
  const clientFirstBare = clientFirst.slice(header[0].length);
  const clientNonce = /(?:^|,)r=([^,]+)/.exec(clientFirstBare)?.[1];
  if (clientNonce === undefined) throw violated("the client's nonce is missing");

  const nonce = clientNonce + randomBytes(18).toString("base64");
  const salt = randomBytes(16);
  const serverFirst = `r=${nonce},s=${salt.toString("base64")},i=${SCRAM_ITERATIONS}`;
  writer.begin("R").int32(SASL_CONTINUE).bytes(Buffer.from(serverFirst)).end();
  writer.flush();

  const clientFinal = (await passwordMessage(reader)).toString();
  const match = /^(c=([^,]+),r=([^,]+)),p=([^,]+)$/.exec(clientFinal);
  if (match === null) throw violated("the client's final message is malformed");
  const [, withoutProof = "", binding = "", finalNonce, proofText = ""] = match;
  const bound = Buffer.from(binding, "base64").toString() === header[0];
  const secret = credential?.secret ?? randomBytes(16).toString("hex");
  const salted = pbkdf2Sync(secret.normalize("NFKC"), salt, SCRAM_ITERATIONS, 32, "sha256");
  const authMessage = `${clientFirstBare},${serverFirst},${withoutProof}`;
  const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest();
  const signature = hmac(storedKey, authMessage);
  const proof = Buffer.from(proofText, "base64");
  if (proof.length !== signature.length) return false;
  const clientKey = Buffer.from(proof.map((byte, index) => byte ^ signature[index]!));
  const proved = equal(createHash("sha256").update(clientKey).digest(), storedKey);
  if (!proved || !bound || finalNonce !== nonce || credential === undefined) return false;
  const verifier = hmac(hmac(salted, "Server Key"), authMessage).toString("base64");
  writer
    .begin("R")
    .int32(SASL_FINAL)
    .bytes(Buffer.from(`v=${verifier}`))
    .end();
  return true;
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function violated(what: string): SqlError {
  return new SqlError(SQL_STATE.protocolViolation, `SCRAM authentication: ${what}`, { severity: "FATAL" });
}
