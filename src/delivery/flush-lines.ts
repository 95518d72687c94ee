/**
 * The lines of a flush log: `<CRC-32C, hex> <JSON>`. Where they are read as they should be, a wrong one is `damaged`; where a log is mended, every whole
 * one counts.
 */
import { setImmediate } from "node:timers/promises";
import { CHECKSUM_CHARS, checksumText } from "../core/checksum.js";
import { PenstockError } from "../core/errors.js";
import type { Disk } from "../disk/disk.js";
import type { FlushDecision, FlushResult, LakeObject } from "./flush.js";

/** An object that is written, under the name it has until it is delivered. */
export interface WrittenObject {
  readonly object: LakeObject;
  /** Relative to the flush's staging folder. */
  readonly staged: string;
}

export interface DeliveryTotals {
  readonly rows: number;
  readonly dead: number;
  readonly filtered: number;
}

export type Line =
  | {
      readonly is: "checkpoint";
      readonly nextFlush: number;
      readonly positions: Positions;
      readonly totals: DeliveryTotals;
    }
  | { readonly is: "decided"; readonly decision: FlushDecision }
  | { readonly is: "written"; readonly flush: number; readonly objects: readonly WrittenObject[] }
  | { readonly is: "delivered"; readonly flush: number; readonly atMs: number };

/** The first sequence that no flush has taken, by `<stream>/<shard>`. */
type Positions = Readonly<Record<string, number>>;

/** A flush that was decided and is not delivered; `written` once its objects are. */
export interface OpenFlush {
  readonly decision: FlushDecision;
  readonly written: readonly WrittenObject[] | undefined;
}

export const positionKey = (stream: string, shard: number) => `${stream}/${shard}`;

export const REPAIR_HINT =
  "Stop this instance and run `penstock repair --data <its data directory>`, which makes the log anew from the lake and the ledger; or restore the file from a copy. The lake, the journal and the warehouse are untouched.";

export function resultOf({ decision, written }: OpenFlush, deliveredAtMs: number): FlushResult {
  return { ...decision, objects: (written ?? []).map(({ object }) => object), deliveredAtMs };
}

export function addTotals(totals: DeliveryTotals, result: FlushResult): DeliveryTotals {
  const rowsOf = (kind: LakeObject["kind"]) =>
    result.objects.reduce((sum, object) => (object.kind === kind ? sum + object.rows : sum), 0);
  return {
    rows: totals.rows + rowsOf("rows"),
    dead: totals.dead + rowsOf("dead"),
    filtered: totals.filtered + rowsOf("filtered"),
  };
}

export function encodeLine(line: Line): Buffer {
  const json = JSON.stringify(line);
  return Buffer.from(`${checksumText(json)} ${json}\n`);
}

/** How much is read before others have their turn: a file of flushes with many objects may be large. */
const BYTES_A_TURN = 256 * 1024;

interface Lines {
  readonly lines: Line[];
  readonly lastLineAt: number;
  /** Where the whole lines end. */
  readonly endBytes: number;
}

export async function readLines(disk: Disk, path: string, newest: boolean): Promise<Lines> {
  const bytes = await disk.readFile(path);
  const lines: Line[] = [];
  let at = 0;
  let lastLineAt = 0;
  let turnAt = BYTES_A_TURN;
  while (at < bytes.length) {
    if (at >= turnAt) {
      await setImmediate();
      turnAt = at + BYTES_A_TURN;
    }
    const end = bytes.indexOf(0x0a, at);
    const text = end === -1 ? "" : bytes.toString("utf8", at, end);
    if (end === -1 || !isWhole(text)) {
      // Torn, if nothing whole follows it: then it was never acted upon.
      if (newest && !hasLineAfter(bytes, at)) break;
      throw new PenstockError("damaged", `The flush log ${path} is damaged at byte ${at}.`, {
        hint: REPAIR_HINT,
      });
    }
    lines.push(JSON.parse(text.slice(CHECKSUM_CHARS + 1)) as Line);
    lastLineAt = at;
    at = end + 1;
  }
  return { lines, lastLineAt, endBytes: at };
}

/** Every whole line of the file, and how many bytes were none. */
export async function salvageLines(disk: Disk, path: string): Promise<{ lines: Line[]; damagedBytes: number }> {
  const bytes = await disk.readFile(path);
  const lines: Line[] = [];
  let damagedBytes = 0;
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, at);
    const end = newline === -1 ? bytes.length : newline;
    const text = bytes.toString("utf8", at, end);
    if (newline !== -1 && isWhole(text)) lines.push(JSON.parse(text.slice(CHECKSUM_CHARS + 1)) as Line);
    else damagedBytes += end - at;
    at = end + 1;
  }
  return { lines, damagedBytes };
}

function isWhole(line: string): boolean {
  return checksumText(line.slice(CHECKSUM_CHARS + 1)) === line.slice(0, CHECKSUM_CHARS);
}

function hasLineAfter(bytes: Buffer, torn: number): boolean {
  let at = bytes.indexOf(0x0a, torn) + 1;
  while (at > 0 && at < bytes.length) {
    const end = bytes.indexOf(0x0a, at);
    if (end === -1) return false;
    const text = bytes.toString("utf8", at, end);
    if (isWhole(text)) return true;
    at = end + 1;
  }
  return false;
}
