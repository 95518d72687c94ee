/** Base64 as strict as the services take it: the standard alphabet, padded, no white space, no stray bits at the end. */

/** By character code: the six bits, or 255 where the character is none of base64's. */
const BITS = new Uint8Array(256).fill(255);
for (const [i, c] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries()) {
  BITS[c.charCodeAt(0)] = i;
}

const PAD = 0x3d;

/** What is wrong with the text in the service's words, or undefined. */
export function base64Fault(text: string): string | undefined {
  if (text.length % 4 !== 0) {
    return `Base64 encoded length is expected a multiple of 4 bytes but found: ${text.length}`;
  }
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === PAD) end--;
  const padding = text.length - end;
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || BITS[code] === 255) return `Invalid Base64 character: '${text[i]}'`;
  }
  if (padding > 2 || (padding > 0 && strayBits(text.charCodeAt(end - 1), padding))) {
    return "Invalid last non-pad Base64 character dectected";
  }
  return undefined;
}

/**
 * The same on bytes, for the fast path: the index just behind the base64 text that begins at `start`, where a quote stands, or -1
 * where it is not valid or ends otherwise.
 */
export function base64End(bytes: Uint8Array, start: number): number {
  const QUOTE = 0x22;
  let at = start;
  // Four at a time, one branch each: this loop sees every byte of every record that is put.
  const lastQuad = bytes.length - 4;
  while (at <= lastQuad) {
    const quad = BITS[bytes[at]!]! | BITS[bytes[at + 1]!]! | BITS[bytes[at + 2]!]! | BITS[bytes[at + 3]!]!;
    if (quad > 63) break;
    at += 4;
  }
  while (BITS[bytes[at]!]! < 64) at++;
  let padding = 0;
  while (padding < 2 && bytes[at + padding] === PAD) padding++;
  const end = at + padding;
  if (bytes[end] !== QUOTE || ((end - start) & 3) !== 0) return -1;
  if (padding > 0 && strayBits(bytes[at - 1]!, padding)) return -1;
  return end;
}

/** With one pad the last character has two bits that say nothing, with two pads four; they must be 0. */
function strayBits(lastCode: number, padding: number): boolean {
  return (BITS[lastCode]! & (padding === 1 ? 0b11 : 0b1111)) !== 0;
}
