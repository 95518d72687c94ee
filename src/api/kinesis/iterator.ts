/**
 * Shard iterators and list tokens: opaque, encrypted and authenticated, good for five minutes. The layout outside is the service's: eight
 * bytes of version, then what only we can read, as long as the service's own for a stream's name of that length.
 *
 *     00 00 00 00 00 00 00 01 | nonce (12) | AES-256-GCM of the content | tag (16)
 *
 *     content: kind (1) | made at, ms (8) | stream created, ms (8) | shard (4) | position (8) | name length (1) | name | zeros
 *
 * Whoever gives the same key after a restart keeps the iterators that were handed out before it.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

export interface Token {
  readonly kind: "iterator" | "shards" | "consumers" | "streams";
  readonly madeAtMs: number;
  readonly stream: string;
  readonly streamCreatedAtMs: number;
  readonly shard: number;
  /** An iterator's next sequence; a list's offset. */
  readonly position: number;
}

export interface TokenSeal {
  seal(token: Token): string;
  /** Undefined for whatever did not come from here. */
  open(text: string): Token | undefined;
}

export const TOKEN_KEY_BYTES = 32;
const VERSION = Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]);
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 30;
const KINDS = ["iterator", "shards", "consumers", "streams"] as const;

/** 152 bytes, and 16 more for each 16 characters of the name: observed on the service. */
function sealedBytes(nameBytes: number): number {
  return 152 + Math.floor((nameBytes + 2) / 16) * 16;
}

export function tokenSeal(key: Uint8Array = randomBytes(TOKEN_KEY_BYTES)): TokenSeal {
  return {
    seal: (token) => {
      const name = Buffer.from(token.stream);
      const total = sealedBytes(name.length);
      const content = Buffer.alloc(total - VERSION.length - NONCE_BYTES - TAG_BYTES);
      content.writeUInt8(KINDS.indexOf(token.kind), 0);
      content.writeDoubleBE(token.madeAtMs, 1);
      content.writeDoubleBE(token.streamCreatedAtMs, 9);
      content.writeInt32BE(token.shard, 17);
      content.writeDoubleBE(token.position, 21);
      content.writeUInt8(name.length, 29);
      name.copy(content, HEAD_BYTES);
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      cipher.setAAD(VERSION);
      const sealed = [VERSION, nonce, cipher.update(content), cipher.final()];
      return Buffer.concat([...sealed, cipher.getAuthTag()]).toString("base64");
    },
    open: (text) => {
      const bytes = Buffer.from(text, "base64");
      const least = VERSION.length + NONCE_BYTES + HEAD_BYTES + TAG_BYTES;
      if (bytes.length < least || bytes.toString("base64") !== text) return undefined;
      if (!bytes.subarray(0, VERSION.length).equals(VERSION)) return undefined;
      const bodyAt = VERSION.length + NONCE_BYTES;
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(VERSION.length, bodyAt));
      decipher.setAAD(VERSION);
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
      try {
        const head = decipher.update(bytes.subarray(bodyAt, bytes.length - TAG_BYTES));
        decipher.final();
        return readContent(head);
      } catch {
        return undefined;
      }
    },
  };
}

function readContent(content: Buffer): Token {
  const nameBytes = content.readUInt8(29);
  return {
    kind: KINDS[content.readUInt8(0)] ?? "iterator",
    madeAtMs: content.readDoubleBE(1),
    streamCreatedAtMs: content.readDoubleBE(9),
    shard: content.readInt32BE(17),
    position: content.readDoubleBE(21),
    stream: content.toString("utf8", HEAD_BYTES, HEAD_BYTES + nameBytes),
  };
}

/** `Thu Jan 22 01:22:02 UTC 2015`, as in the service's messages about expired tokens. */
export function serviceDate(ms: number): string {
  const [weekday, day, month, year, time] = new Date(ms).toUTCString().replace(",", "").split(" ");
  return `${weekday} ${month} ${day} ${time} UTC ${year}`;
}
