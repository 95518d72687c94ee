/** What a column's sample comes to under each of Redshift's encodings that its type may have. */
import type { EncodingSize } from "../api/control/contract.js";
import { ENCODING_TYPES } from "../definition/types.js";
import { encodingsFor } from "../redshift/engine/ddl/encodings.js";
import type { SqlType } from "../redshift/types.js";
import { az64 } from "./encodings/az64.js";
import { byteDictionary } from "./encodings/byte-dictionary.js";
import { type Block, type Codec, encodeBlocks, STRETCH } from "./encodings/codec.js";
import { delta } from "./encodings/delta.js";
import { lzoCompress } from "./encodings/lzo.js";
import { mostly } from "./encodings/mostly.js";
import { bitRaw, fixedRaw, textRaw } from "./encodings/raw.js";
import { runLength } from "./encodings/run-length.js";
import { textDictionary } from "./encodings/text-dictionary.js";
import { nullMaskBytes, type SampleColumn, type SampleValue, type Storage, storageOf, storedBytes } from "./sample.js";

export interface MeasureTools {
  /** Bytes that Zstandard makes of each block by itself, together. */
  zstd(blocks: readonly Uint8Array[]): Promise<number>;
  /** Lets others have the thread for a moment. */
  pause(): Promise<void>;
}

const MODELS: ReadonlySet<string> = new Set(["az64", "lzo"]);

/** RAW first, then in the order of Redshift's documentation. */
export async function measureColumn(
  column: SampleColumn,
  values: readonly SampleValue[],
  tools: MeasureTools,
): Promise<EncodingSize[]> {
  const storage = storageOf(column.type);
  const mask = nullMaskBytes(column, values.length);
  const present = values.filter((value) => value !== null);
  // RAW keeps a slot for each NULL; what comes after it works on values alone.
  const slots: Uint8Array[] = [];
  for (const [index, value] of values.entries()) {
    slots.push(storedBytes(storage, value));
    if (index % STRETCH === STRETCH - 1) await tools.pause();
  }
  const raw = await encodeBlocks(rawCodec(storage), slots, tools.pause);
  const stored = present.length === values.length ? slots : slots.filter((_, index) => values[index] !== null);
  const sizes: EncodingSize[] = [];
  for (const encoding of encodingsFor(column.type).filter((name) => isDocumented(name, column.type))) {
    const size = await sizeUnder(encoding, { storage, raw, present, stored, tools });
    const by = encoding === "zstd" ? "compressor" : MODELS.has(encoding) ? "model" : "encoder";
    sizes.push({ encoding, sizeBytes: size + mask, by });
  }
  return sizes;
}

/** CREATE TABLE takes more for TIME than the documentation's table names; advice keeps to what a definition may say, too. */
function isDocumented(encoding: string, { kind }: SqlType): boolean {
  const named = kind === "timetz" ? "time" : kind;
  const known = ENCODING_TYPES.raw?.some((one) => one === named) === true;
  return !known || ENCODING_TYPES[encoding]?.some((one) => one === named) === true;
}

interface Measured {
  readonly storage: Storage;
  readonly raw: readonly Block[];
  readonly present: readonly SampleValue[];
  readonly stored: readonly Uint8Array[];
  readonly tools: MeasureTools;
}

async function sizeUnder(encoding: string, { storage, raw, present, stored, tools }: Measured): Promise<number> {
  const { pause } = tools;
  const width = storage.kind === "text" ? undefined : storage.kind === "boolean" ? 1 : storage.width;
  const sum = async <V>(codec: Codec<V>, values: readonly V[]) => total(await encodeBlocks(codec, values, pause));
  const integers = (codec: Codec<bigint>) =>
    sum(
      codec,
      present.filter((value) => typeof value === "bigint"),
    );
  const integerWidth = width ?? 8;
  switch (encoding) {
    case "raw":
      return total(raw);
    case "az64":
      return integers(az64(integerWidth));
    case "bytedict":
      return sum(byteDictionary(width), stored);
    case "delta":
      return integers(delta(integerWidth, 1));
    case "delta32k":
      return integers(delta(integerWidth, 2));
    case "mostly8":
      return integers(mostly(integerWidth, 1));
    case "mostly16":
      return integers(mostly(integerWidth, 2));
    case "mostly32":
      return integers(mostly(integerWidth, 4));
    case "runlength":
      return sum(runLength(width), stored);
    case "text255":
    case "text32k":
      return sum(textDictionary(encoding), present.map(String));
    case "lzo": {
      let size = 0;
      for (const { bytes } of raw) {
        size += lzoCompress(bytes).length;
        await pause();
      }
      return size;
    }
    case "zstd":
      return raw.length === 0 ? 0 : tools.zstd(raw.map(({ bytes }) => bytes));
    default:
      throw new Error(`the encoding ${encoding} has no measure`);
  }
}

function rawCodec(storage: Storage): Codec<Uint8Array> {
  if (storage.kind === "text") return textRaw;
  return storage.kind === "boolean" ? bitRaw : fixedRaw(storage.width);
}

function total(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** Dictionaries of so many entries, whatever comes after them. */
const FULL_DICTIONARIES: readonly string[] = ["bytedict", "text255"];
const VALUES_FEW = 64;
const NEW_SHARE_MAX = 0.02;

/**
 * Encodings that the sample flatters: it is smaller than a block, its second half still brings values that the first had not, and what does not fit
 * into the block's dictionary would stand there in full.
 */
export function flattered(values: readonly SampleValue[]): ReadonlySet<string> {
  const keyOf = (value: SampleValue) => (value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value);
  const half = values.length >> 1;
  const first = new Set(values.slice(0, half).map(keyOf));
  const second = values.slice(half).map(keyOf);
  const unseen = second.filter((value) => !first.has(value));
  const few = first.size + new Set(unseen).size <= VALUES_FEW;
  return new Set(few || unseen.length <= NEW_SHARE_MAX * second.length ? [] : FULL_DICTIONARIES);
}

export interface EncodingChoice {
  readonly encoding: string;
  readonly reductionPercent: number;
  readonly note?: string;
}

/** From the cheapest to read to the dearest: among sizes that are all but equal, a scan should not pay for the difference. */
const BY_COST = [
  "raw",
  "az64",
  "bytedict",
  "runlength",
  "mostly8",
  "mostly16",
  "mostly32",
  "delta",
  "delta32k",
  "text255",
  "text32k",
  "lzo",
  "zstd",
];
const ALL_BUT_EQUAL = 1.05;
/** Of RAW: where next to nothing is left, twice nothing is nothing too. */
const ALL_BUT_NOTHING = 0.02;

export function chooseEncoding(
  all: readonly EncodingSize[],
  doubtful: ReadonlySet<string> = new Set(),
): EncodingChoice {
  const sizes = all.filter(({ encoding }) => !doubtful.has(encoding));
  const raw = sizes.find(({ encoding }) => encoding === "raw")?.sizeBytes ?? 0;
  const smallest = sizes.reduce((least, one) => (one.sizeBytes < least.sizeBytes ? one : least));
  const chosen = BY_COST.map((name) => sizes.find(({ encoding }) => encoding === name)).find(
    (one) =>
      one !== undefined &&
      one.sizeBytes <= Math.max(smallest.sizeBytes * ALL_BUT_EQUAL, smallest.sizeBytes + raw * ALL_BUT_NOTHING),
  )!;
  const percent = (bytes: number) => (raw === 0 ? 0 : Math.round((10_000 * (raw - bytes)) / raw) / 100);
  return {
    encoding: chosen.encoding,
    reductionPercent: Math.max(0, percent(chosen.sizeBytes)),
    ...(chosen.sizeBytes === smallest.sizeBytes
      ? {}
      : {
          note: `${smallest.encoding} would be ${percent(smallest.sizeBytes)}%, and costs more to read`,
        }),
  };
}
