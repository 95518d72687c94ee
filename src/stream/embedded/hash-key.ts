/**
 * Partition key -> hash key: MD5 of its UTF-8, as an unsigned 128-bit number (Kinesis API reference, PutRecord).
 *
 * Nearly every put needs the first 32 bits alone to tell its shard, and a key is short: one MD5 block in plain JavaScript takes a
 * fifth of what a call into the crypto library does (measured, Node 20). The library answers whatever is longer, and the full number.
 */
import { hash } from "node:crypto";

export const HASH_KEY_MAX = (1n << 128n) - 1n;
/** What fits one MD5 block beside its padding. */
const ONE_BLOCK_BYTES_MAX = 55;

export function hashKeyOf(partitionKey: string): bigint {
  return BigInt(`0x${hash("md5", partitionKey, "hex")}`);
}

/** The first 32 of the hash key's 128 bits. */
export function hashKeyHead(partitionKey: string): number {
  const bytes = partitionKey.length;
  if (bytes > ONE_BLOCK_BYTES_MAX) return libraryHead(partitionKey);
  words.fill(0);
  for (let i = 0; i < bytes; i++) {
    const unit = partitionKey.charCodeAt(i);
    if (unit >= 0x80) return libraryHead(partitionKey);
    words[i >> 2]! |= unit << ((i & 3) << 3);
  }
  words[bytes >> 2]! |= 0x80 << ((bytes & 3) << 3);
  words[14] = bytes << 3;
  return swapped(firstDigestWord());
}

const words = new Int32Array(16);

/** RFC 1321's sine table and shifts. */
const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));

/** MD5 of the one block in `words`; only the digest's first word, little-endian. */
function firstDigestWord(): number {
  let a = 0x67452301;
  let b = 0xefcdab89 | 0;
  let c = 0x98badcfe | 0;
  let d = 0x10325476;
  for (let i = 0; i < 16; i += 4) {
    a = step(a, (b & c) | (~b & d), b, i, i, 7);
    d = step(d, (a & b) | (~a & c), a, i + 1, i + 1, 12);
    c = step(c, (d & a) | (~d & b), d, i + 2, i + 2, 17);
    b = step(b, (c & d) | (~c & a), c, i + 3, i + 3, 22);
  }
  for (let i = 16; i < 32; i += 4) {
    a = step(a, (d & b) | (~d & c), b, i, (5 * i + 1) & 15, 5);
    d = step(d, (c & a) | (~c & b), a, i + 1, (5 * i + 6) & 15, 9);
    c = step(c, (b & d) | (~b & a), d, i + 2, (5 * i + 11) & 15, 14);
    b = step(b, (a & c) | (~a & d), c, i + 3, (5 * i + 16) & 15, 20);
  }
  for (let i = 32; i < 48; i += 4) {
    a = step(a, b ^ c ^ d, b, i, (3 * i + 5) & 15, 4);
    d = step(d, a ^ b ^ c, a, i + 1, (3 * i + 8) & 15, 11);
    c = step(c, d ^ a ^ b, d, i + 2, (3 * i + 11) & 15, 16);
    b = step(b, c ^ d ^ a, c, i + 3, (3 * i + 14) & 15, 23);
  }
  for (let i = 48; i < 64; i += 4) {
    a = step(a, c ^ (b | ~d), b, i, (7 * i) & 15, 6);
    d = step(d, b ^ (a | ~c), a, i + 1, (7 * i + 7) & 15, 10);
    c = step(c, a ^ (d | ~b), d, i + 2, (7 * i + 14) & 15, 15);
    b = step(b, d ^ (c | ~a), c, i + 3, (7 * i + 21) & 15, 21);
  }
  return (a + 0x67452301) | 0;
}

function step(a: number, mixed: number, b: number, sine: number, word: number, shift: number): number {
  const sum = (a + mixed + SINES[sine]! + words[word]!) | 0;
  return (((sum << shift) | (sum >>> (32 - shift))) + b) | 0;
}

/** The digest's bytes are the number's from the left, so its first word is read the other way round. */
function swapped(word: number): number {
  return (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | ((word >>> 24) & 0xff)) >>> 0;
}

function libraryHead(partitionKey: string): number {
  return Number.parseInt(hash("md5", partitionKey, "hex").slice(0, 8), 16);
}
