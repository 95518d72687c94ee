/**
 * The two encodings of the JSON-RPC services: `application/x-amz-json-1.1` and `application/x-amz-cbor-1.1`. An answer is a plain value
 * in which a Date is a timestamp and a Uint8Array a blob; what is undefined is left out.
 */
import {
  decode as decodeCbor,
  type EncodeOptions,
  encode as encodeCborItem,
  type TagDecoder,
  Token,
  Type,
} from "cborg";

export const JSON_TYPE = "application/x-amz-json-1.1";
export const CBOR_TYPE = "application/x-amz-cbor-1.1";

export type Wire = "json" | "cbor";

export function contentTypeOf(wire: Wire): string {
  return wire === "json" ? JSON_TYPE : CBOR_TYPE;
}

/** The parsed body, or undefined when it is none. */
export function parseBody(wire: Wire, body: Uint8Array): unknown {
  try {
    return wire === "json"
      ? JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString())
      : parseCbor(body);
  } catch {
    return undefined;
  }
}

export function encodeBody(wire: Wire, value: object): string | Uint8Array {
  return wire === "json" ? JSON.stringify(jsonForm(value)) : encodeCborItem(cborForm(value), CBOR_ENCODING);
}

/** The AWS SDKs put milliseconds under CBOR's tag 1, against RFC 8949, which has seconds there. */
const TAG_TIMESTAMP = 1;

const CBOR_TAGS: TagDecoder[] = [];
CBOR_TAGS[TAG_TIMESTAMP] = (content) => new Date(Number(content()));

function parseCbor(body: Uint8Array): unknown {
  return decodeCbor(body, { tags: CBOR_TAGS, allowIndefinite: true, allowUndefined: true, strict: false });
}

const CBOR_ENCODING: EncodeOptions = {
  // Half and single precision are legal and shorter, and not every SDK's parser reads them.
  float64: true,
  typeEncoders: {
    Date: (date: Date) => {
      const milliseconds = Math.round(date.getTime());
      return [new Token(Type.tag, TAG_TIMESTAMP), new Token(milliseconds < 0 ? Type.negint : Type.uint, milliseconds)];
    },
  },
};

function jsonForm(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64");
  if (Array.isArray(value)) return value.map(jsonForm);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, jsonForm(one)]));
}

function cborForm(value: unknown): unknown {
  if (value instanceof Date || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(cborForm);
  if (typeof value !== "object" || value === null) return value;
  const present = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(present.map(([key, one]) => [key, cborForm(one)]));
}
