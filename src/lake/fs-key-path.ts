/**
 * Where a bucket's folder keeps what belongs to a key. Every key has one path and every path one key, whatever the key is made of:
 *
 *     a/b.txt   a~/b.txt      a folder's name ends in ~, so that the key `a` has room beside it
 *     A         %41           all but a-z, 0-9, `_`, `-`, `.` is escaped: some filesystems do not tell A from a, nor é from é
 *     ..        %2E%2E
 *     a/        a~/%          an empty name is a single %
 *     //        ~/~/%
 *     long...   first 80 bytes+/rest      a name of 80 bytes or more is cut into pieces, each a folder that ends in +
 *
 * Within a folder, the decoded names in the order of their bytes (a folder with its slash) are the keys in their order: of two names, one
 * begins with the other only where the keys do.
 */

/** Escaped, at three characters a byte, with the sign at the end: less than the 255 bytes that a filesystem allows. */
const PIECE_BYTES = 80;

const SLASH = 0x2f;
const DOT = 0x2e;

/** Relative, with `/`. */
export function pathOfKey(key: string): string {
  const bytes = Buffer.from(key);
  const parts: string[] = [];
  for (let start = 0; ; ) {
    const slash = bytes.indexOf(SLASH, start);
    const end = slash === -1 ? bytes.length : slash;
    let at = start;
    for (; end - at >= PIECE_BYTES; at += PIECE_BYTES) parts.push(`${escaped(bytes.subarray(at, at + PIECE_BYTES))}+`);
    const rest = escaped(bytes.subarray(at, end));
    if (slash === -1) return [...parts, rest === "" ? "%" : rest].join("/");
    parts.push(`${rest}~`);
    start = slash + 1;
  }
}

export interface KeyPart {
  readonly kind: "key" | "folder";
  /** What it adds to the key; a folder's with its slash, where it has one. */
  readonly bytes: Buffer;
}

/** The part of a key that a name in a folder stands for; undefined for a name that is none of ours. */
export function partOfName(name: string): KeyPart | undefined {
  const last = name.at(-1);
  if (last === "~" || last === "+") {
    const bytes = unescaped(name.slice(0, -1));
    return bytes && { kind: "folder", bytes: last === "~" ? Buffer.concat([bytes, Buffer.from("/")]) : bytes };
  }
  if (name === "%") return { kind: "key", bytes: Buffer.alloc(0) };
  const bytes = unescaped(name);
  return bytes && bytes.length > 0 ? { kind: "key", bytes } : undefined;
}

function escaped(bytes: Uint8Array): string {
  // These two names are not free.
  const dots = bytes.length <= 2 && bytes.every((byte) => byte === DOT);
  let name = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    const plain = !dots && /[a-z0-9_.-]/.test(character);
    name += plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return name;
}

function unescaped(name: string): Buffer | undefined {
  if (!/^(?:[a-z0-9_.-]|%[0-9A-F]{2})*$/.test(name)) return undefined;
  return Buffer.from(
    name.replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}
