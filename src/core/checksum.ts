import { crc32c } from "@node-rs/crc32";

/** How many characters `checksumText` answers. */
export const CHECKSUM_CHARS = 8;

/** CRC-32C of the text's UTF-8, in hexadecimal: for lines and small files that carry their own check. */
export function checksumText(text: string): string {
  return crc32c(text).toString(16).padStart(CHECKSUM_CHARS, "0");
}
