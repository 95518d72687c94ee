/**
 * CRC-64/NVME as S3 takes it: reflected, all ones in and out. In halves of 32 bits, since JavaScript's numbers have no 64, and eight bytes
 * a step.
 */

/** The polynomial, bits reversed. */
const POLYNOMIAL_HIGH = 0x9a6c9329;
const POLYNOMIAL_LOW = 0xac4bc9b5;
const STRIDE = 8;

/** `[k * 256 + byte]`: what the byte becomes with `k` zero bytes behind it. */
const HIGH = new Int32Array(STRIDE * 256);
const LOW = new Int32Array(STRIDE * 256);
for (let byte = 0; byte < 256; byte++) {
  let high = 0;
  let low = byte;
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (odd) {
      low ^= POLYNOMIAL_LOW;
      high ^= POLYNOMIAL_HIGH;
    }
  }
  HIGH[byte] = high;
  LOW[byte] = low;
}
for (let at = 256; at < STRIDE * 256; at++) {
  const high = HIGH[at - 256]!;
  const low = LOW[at - 256]!;
  HIGH[at] = (high >>> 8) ^ HIGH[low & 0xff]!;
  LOW[at] = ((low >>> 8) | (high << 24)) ^ LOW[low & 0xff]!;
}

export interface Crc64 {
  update(bytes: Uint8Array): void;
  /** Eight bytes, the highest first. */
  digest(): Buffer;
}

export function crc64Nvme(): Crc64 {
  let high = -1;
  let low = -1;
  return {
    update: (bytes) => {
      let at = 0;
      for (const last = bytes.length - STRIDE; at <= last; at += STRIDE) {
        const a = low ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
        const b = high ^ (bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24));
        const i7 = 0x700 | (a & 0xff);
        const i6 = 0x600 | ((a >>> 8) & 0xff);
        const i5 = 0x500 | ((a >>> 16) & 0xff);
        const i4 = 0x400 | (a >>> 24);
        const i3 = 0x300 | (b & 0xff);
        const i2 = 0x200 | ((b >>> 8) & 0xff);
        const i1 = 0x100 | ((b >>> 16) & 0xff);
        const i0 = b >>> 24;
        high = HIGH[i7]! ^ HIGH[i6]! ^ HIGH[i5]! ^ HIGH[i4]! ^ HIGH[i3]! ^ HIGH[i2]! ^ HIGH[i1]! ^ HIGH[i0]!;
        low = LOW[i7]! ^ LOW[i6]! ^ LOW[i5]! ^ LOW[i4]! ^ LOW[i3]! ^ LOW[i2]! ^ LOW[i1]! ^ LOW[i0]!;
      }
      for (; at < bytes.length; at++) {
        const index = (low ^ bytes[at]!) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ LOW[index]!;
        high = (high >>> 8) ^ HIGH[index]!;
      }
    },
    digest: () => {
      const digest = Buffer.alloc(8);
      digest.writeInt32BE(~high, 0);
      digest.writeInt32BE(~low, 4);
      return digest;
    },
  };
}
