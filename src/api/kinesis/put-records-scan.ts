/**
 * Reads the common PutRecords body without JSON.parse: `{"Records":[{"Data":"...","PartitionKey":"..."},...],"StreamName":"..."}`, members
 * in any order, ExplicitHashKey and blanks allowed. It accepts only what the strict way (JSON.parse, type checks, constraints) accepts
 * too, and reads it the same; whatever else, be it right or wrong, it leaves to that way: escapes, characters beyond ASCII, unknown or
 * repeated members, sizes out of bounds. A test holds the two together on mutated bodies.
 */
import { PARTITION_KEY_CHARS_MAX, PUT_RECORDS_COUNT_MAX } from "../../core/limits.js";
import { base64End } from "../aws/base64.js";

export interface ScannedPut {
  readonly streamName: string;
  readonly count: number;
  readonly partitionKeys: readonly string[];
  /** Valid base64. */
  readonly data: readonly string[];
  /** The decoded size of each. */
  readonly dataBytes: Int32Array;
  /** Undefined where no record has one. */
  readonly explicitHashKeys: readonly (string | undefined)[] | undefined;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const PAD = 0x3d;

const HASH_KEY = /^(0|[1-9]\d{0,38})$/;
const STREAM_NAME = /^[a-zA-Z0-9_.-]{1,128}$/;

/** One at a time: a scan never waits. */
export function scanPutRecords(bytes: Uint8Array): ScannedPut | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // One string for the whole, from which keys and data are slices without a copy; nobody keeps them beyond the request.
  const text = buffer.toString("latin1");
  let at = blank(bytes, 0);
  if (bytes[at] !== OPEN_OBJECT) return undefined;
  at = blank(bytes, at + 1);
  let streamName: string | undefined;
  const found: Found = {
    partitionKeys: [],
    data: [],
    dataBytes: new Int32Array(PUT_RECORDS_COUNT_MAX),
    hashKeys: [],
    hasHashKeys: false,
  };
  for (;;) {
    const nameEnd = plainEnd(bytes, at);
    if (nameEnd < 0) return undefined;
    const length = nameEnd - at;
    const isRecords = length === 8 && text.startsWith('"Records', at);
    const isStreamName = length === 11 && text.startsWith('"StreamName', at);
    at = blank(bytes, nameEnd + 1);
    if (bytes[at] !== COLON) return undefined;
    at = blank(bytes, at + 1);
    if (isStreamName && streamName === undefined) {
      const end = plainEnd(bytes, at);
      if (end < 0) return undefined;
      streamName = text.slice(at + 1, end);
      at = end + 1;
    } else if (isRecords && found.data.length === 0) {
      at = scanList(buffer, text, at, found);
      if (at < 0) return undefined;
    } else {
      return undefined;
    }
    at = blank(bytes, at);
    if (bytes[at] === CLOSE_OBJECT) break;
    if (bytes[at] !== COMMA) return undefined;
    at = blank(bytes, at + 1);
  }
  if (blank(bytes, at + 1) !== bytes.length) return undefined;
  if (streamName === undefined || !STREAM_NAME.test(streamName) || found.data.length === 0) return undefined;
  return {
    streamName,
    count: found.data.length,
    partitionKeys: found.partitionKeys,
    data: found.data,
    dataBytes: found.dataBytes,
    explicitHashKeys: found.hasHashKeys ? found.hashKeys : undefined,
  };
}

interface Found {
  readonly partitionKeys: string[];
  readonly data: string[];
  readonly dataBytes: Int32Array;
  readonly hashKeys: (string | undefined)[];
  hasHashKeys: boolean;
}

/** The index behind the list, or -1. */
function scanList(bytes: Uint8Array, text: string, start: number, found: Found): number {
  let at = start;
  if (bytes[at] !== OPEN_LIST) return -1;
  do {
    at = scanRecord(bytes, text, blank(bytes, at + 1), found);
    if (at < 0) return -1;
    at = blank(bytes, at);
  } while (bytes[at] === COMMA);
  return bytes[at] === CLOSE_LIST ? at + 1 : -1;
}

function scanRecord(bytes: Uint8Array, text: string, start: number, found: Found): number {
  if (bytes[start] !== OPEN_OBJECT || found.data.length === PUT_RECORDS_COUNT_MAX) return -1;
  let at = start;
  let dataStart = -1;
  let dataEnd = -1;
  let keyStart = -1;
  let keyEnd = -1;
  let hashKey: string | undefined;
  do {
    at = blank(bytes, at + 1);
    const nameStart = at;
    const nameEnd = plainEnd(bytes, at);
    if (nameEnd < 0) return -1;
    at = blank(bytes, nameEnd + 1);
    if (bytes[at] !== COLON) return -1;
    at = blank(bytes, at + 1);
    if (bytes[at] !== QUOTE) return -1;
    switch (nameEnd - nameStart) {
      case 5:
        if (dataStart >= 0 || !text.startsWith('"Data', nameStart)) return -1;
        dataStart = at + 1;
        dataEnd = base64End(bytes, dataStart);
        if (dataEnd < 0) return -1;
        at = dataEnd + 1;
        break;
      case 13:
        if (keyStart >= 0 || !text.startsWith('"PartitionKey', nameStart)) return -1;
        keyStart = at + 1;
        keyEnd = plainEnd(bytes, at);
        if (keyEnd < 0) return -1;
        at = keyEnd + 1;
        break;
      case 16: {
        if (hashKey !== undefined || !text.startsWith('"ExplicitHashKey', nameStart)) return -1;
        const end = plainEnd(bytes, at);
        if (end < 0) return -1;
        hashKey = text.slice(at + 1, end);
        if (!HASH_KEY.test(hashKey)) return -1;
        at = end + 1;
        break;
      }
      default:
        return -1;
    }
    at = blank(bytes, at);
  } while (bytes[at] === COMMA);
  if (bytes[at] !== CLOSE_OBJECT || dataStart < 0 || keyStart < 0) return -1;
  const keyChars = keyEnd - keyStart;
  if (keyChars < 1 || keyChars > PARTITION_KEY_CHARS_MAX) return -1;
  const index = found.data.length;
  const padding = bytes[dataEnd - 1] !== PAD ? 0 : bytes[dataEnd - 2] !== PAD ? 1 : 2;
  found.dataBytes[index] = dataEnd === dataStart ? 0 : ((dataEnd - dataStart) / 4) * 3 - padding;
  found.data.push(text.slice(dataStart, dataEnd));
  found.partitionKeys.push(text.slice(keyStart, keyEnd));
  found.hashKeys.push(hashKey);
  if (hashKey !== undefined) found.hasHashKeys = true;
  return at + 1;
}

/** By byte: may stand in a string that means what it says. */
const PLAIN = new Uint8Array(256);
for (let code = 0x20; code < 0x7f; code++) PLAIN[code] = code === QUOTE || code === BACKSLASH ? 0 : 1;

/** The closing quote of the string that opens at `start`, or -1 where it has anything but plain ASCII in it. */
function plainEnd(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== QUOTE) return -1;
  let at = start + 1;
  while (PLAIN[bytes[at]!] === 1) at++;
  return bytes[at] === QUOTE ? at : -1;
}

function blank(bytes: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const code = bytes[at];
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}
