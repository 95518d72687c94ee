/**
 * The codec: the bytes of one record into its rows. This is the reference; the fast path in DuckDB takes only what it provably
 * decodes alike. Nothing here needs DuckDB, so that a Lambda can run it. docs/delivery.md has the rules in full.
 *
 *     bytes -> KPL aggregate? its user records -> gzip? inflated -> UTF-8 -> JSON or CSV -> where -> transform -> columns
 *
 * A record ends in at least one outcome, and its outcomes are numbered in order: `rowIndex` is the position in the list of all of them,
 * so that a row keeps its identity whatever becomes of its neighbours.
 */
import { gunzipSync } from "node:zlib";
import { messageOf } from "../../core/errors.js";
import { decodeKpl } from "../../core/kpl.js";
import { MIB } from "../../core/limits.js";
import type { DeadLetterCode } from "./dead-letter.js";
import { decodeText, type RowOutcome } from "./decode-rows.js";
import type { RowPlan } from "./row-plan.js";

/** A gzip payload may not grow beyond this: memory is bounded by configuration, not by what a sender compressed. */
export const INFLATED_BYTES_MAX = 64 * MIB;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Never empty. A generator, because a record of 10 MiB can hold very many rows. */
export function* decodeRecord(plan: RowPlan, data: Uint8Array): Generator<RowOutcome> {
  let records: readonly { readonly data: Uint8Array }[];
  try {
    records = decodeKpl(data) ?? [{ data }];
  } catch (error) {
    yield dead("invalid-aggregate", messageOf(error));
    return;
  }
  if (records.length === 0) yield dead("empty-record", "the KPL aggregate holds no record");
  for (const record of records) yield* decodePayload(plan, record.data);
}

function* decodePayload(plan: RowPlan, data: Uint8Array): Generator<RowOutcome> {
  let bytes = data;
  if (data[0] === 0x1f && data[1] === 0x8b) {
    try {
      bytes = gunzipSync(data, { maxOutputLength: INFLATED_BYTES_MAX });
    } catch (error) {
      const large = error instanceof RangeError;
      yield large
        ? dead("too-large", `the gzip payload is more than ${INFLATED_BYTES_MAX / MIB} MiB when inflated`)
        : dead("invalid-gzip", `the gzip payload is damaged: ${messageOf(error)}`);
      return;
    }
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    yield dead("invalid-utf8", "the payload is not UTF-8");
    return;
  }
  yield* decodeText(plan, text);
}

function dead(code: DeadLetterCode, message: string): RowOutcome {
  return { kind: "dead", fault: { code, column: null, message } };
}
