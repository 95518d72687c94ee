/** Hash functions. Source: Redshift's "Hash functions". */
import type { BoundExpression } from "../binder/bound.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { BIGINT, type FunctionEntry, familyOf, overload } from "./entry.js";

const { scalar, missing } = familyOf("hash");
const hexText = (digits: number) => ({ kind: "varchar", length: digits }) as const;

export const HASH_FUNCTIONS: readonly FunctionEntry[] = [
  ...scalar("md5", [overload("text", hexText(32), "md5($1)"), overload("varbyte", hexText(32), "md5($1)")]),
  ...scalar("md5_digest", overload("text", { kind: "varbyte", length: 16 }, "unhex(md5($1))")),
  ...scalar("sha sha1 func_sha1", [
    overload("text", hexText(40), "sha1($1)"),
    overload("varbyte", hexText(40), "sha1($1)"),
  ]),
  ...scalar("sha2", [overload("text, int", hexText(128), sha2), overload("varbyte, int", hexText(128), sha2)], {
    status: "partly",
    note: "256 bits (and 0, which means the same); 224, 384 and 512 are not there.",
  }),
  ...scalar(
    "fnv_hash",
    [
      overload("int, bigint?", BIGINT, (args) => fnvHash(bytesOfInteger(args[0]!), args[1])),
      overload("text, bigint?", BIGINT, (args) => fnvHash(bytesOf(`encode(${args[0]!.sql})`), args[1])),
      overload("varbyte, bigint?", BIGINT, (args) => fnvHash(bytesOf(args[0]!.sql), args[1])),
    ],
    { status: "partly", note: "Of texts, bytes and integers." },
  ),
  ...missing(
    "checksum farmfingerprint64 farmhash64 murmur3_32_hash xxhash64",
    "FNV_HASH, MD5, SHA1 and SHA2 with 256 bits are there.",
  ),
];

function sha2(args: readonly BoundExpression[]): string {
  const [value, bits] = args as [BoundExpression, BoundExpression];
  if (bits.origin?.kind === "number" && (bits.origin.text === "256" || bits.origin.text === "0"))
    return `sha256(${value.sql})`;
  throw new SqlError(SQL_STATE.featureNotSupported, "SHA2 is there with 256 bits", {
    at: bits.at,
    hint: "Write SHA2(value, 256).",
  });
}

/** FNV-1a of 64 bits: each byte is mixed in, then multiplied by the prime. The sum is unsigned; the answer is read as signed. */
function fnvHash(bytes: string, seed: BoundExpression | undefined): string {
  const start =
    seed === undefined
      ? "CAST('14695981039346656037' AS HUGEINT)"
      : `(CAST(${seed.sql} AS HUGEINT) + CASE WHEN ${seed.sql} < 0 THEN CAST('18446744073709551616' AS HUGEINT) ELSE 0 END)`;
  const sum = `list_reduce(list_prepend(${start}, ${bytes}), (sum, byte) -> (xor(sum, byte) * 1099511628211) % CAST('18446744073709551616' AS HUGEINT))`;
  return `CAST(CASE WHEN ${sum} >= CAST('9223372036854775808' AS HUGEINT) THEN ${sum} - CAST('18446744073709551616' AS HUGEINT) ELSE ${sum} END AS BIGINT)`;
}

function bytesOf(blob: string): string {
  return `list_transform(range(1, octet_length(${blob}) + 1), i -> CAST(CAST('0x' || substring(hex(${blob}), CAST(2 * i - 1 AS BIGINT), 2) AS BIGINT) AS HUGEINT))`;
}

/** The lowest byte first, as many as the type has. */
function bytesOfInteger(arg: BoundExpression): string {
  const count = arg.type.kind === "smallint" ? 2 : arg.type.kind === "bigint" ? 8 : 4;
  const shifts = Array.from(
    { length: count },
    (_, index) => `CAST((CAST(${arg.sql} AS BIGINT) >> ${8 * index}) & 255 AS HUGEINT)`,
  );
  return `CASE WHEN ${arg.sql} IS NOT NULL THEN [${shifts.join(", ")}] END`;
}
