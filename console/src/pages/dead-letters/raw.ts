/** A record's bytes as a person reads and edits them. */

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** undefined where the bytes are no text: an editor would change what it cannot show. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

export function base64Of(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Sixteen bytes a line, and beside them what of it is text. */
export function hexOf(bytes: Uint8Array, bytesMax: number): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, bytesMax); at += 16) {
    const some = [...bytes.subarray(at, at + 16)];
    const hex = some.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = some.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${hex.padEnd(47)}  ${text}`);
  }
  if (bytes.length > bytesMax) lines.push("…");
  return lines.join("\n");
}

export interface Field {
  readonly name: string;
  readonly value: string;
  readonly atFault: boolean;
}

/** The fields of a record that is one JSON object, with the one marked that its column reads. */
export function fieldsOf(text: string, faultyField: string | undefined): readonly Field[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
  const fields = Object.entries(parsed).map(([name, value]) => ({
    name,
    value: JSON.stringify(value),
    atFault: name === faultyField,
  }));
  const absent = faultyField !== undefined && !fields.some(({ atFault }) => atFault);
  return absent ? [...fields, { name: faultyField, value: "(not there)", atFault: true }] : fields;
}
