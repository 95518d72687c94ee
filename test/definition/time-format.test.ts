import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIso, readTimeFormat, type TimeFormat } from "../../src/definition/time-format.js";

const formatOf = (text: string): TimeFormat => {
  const read = readTimeFormat(text);
  if ("wrong" in read) throw new Error(`${text} ${read.wrong}`);
  return read;
};
const iso = (micros: bigint | undefined) =>
  micros === undefined ? undefined : new Date(Number(micros / 1000n)).toISOString();

describe("Redshift's format strings", () => {
  test.each([
    ["YYYY-MM-DD HH24:MI:SS", "2026-11-22 09:30:05", "2026-11-22T09:30:05.000Z"],
    ["YYYY-MM-DD HH24:MI:SS", "2026-11-22 09:30:05.25", "2026-11-22T09:30:05.250Z"],
    ["YYYY-MM-DDTHH:MI:SSZ", "2026-11-22T21:30:05Z", "2026-11-22T21:30:05.000Z"],
    ["MM/DD/YYYY HH12:MI:SS AM", "11/22/2026 12:30:05 am", "2026-11-22T00:30:05.000Z"],
    ["MM/DD/YYYY HH12:MI:SS PM", "11/22/2026 12:30:05 PM", "2026-11-22T12:30:05.000Z"],
    ["DD-MON-YY", "03-Feb-69", "2069-02-03T00:00:00.000Z"],
    ["DD-MON-YY", "03-February-70", "1970-02-03T00:00:00.000Z"],
    ["YYYYMMDD", "20260301", "2026-03-01T00:00:00.000Z"],
    ["YYYY-MM-DD", "2026-02-29", undefined],
    ["YYYY-MM-DD HH24:MI", "2026-02-28 24:00", undefined],
    ["YYYY-MM-DD HH24:MI", "2026-02-28", undefined],
    ["MM/DD/YYYY HH12:MI AM", "11/22/2026 13:30 AM", undefined],
  ])("%s reads %s", (format, text, expected) => {
    expect(iso(formatOf(format).parse(text))).toBe(expected);
  });

  test("a microsecond is kept", () => {
    expect(formatOf("YYYY-MM-DD HH24:MI:SS").parse("1970-01-01 00:00:00.000001")).toBe(1n);
  });

  test("what a format writes, it reads back", () => {
    const formats = ["YYYY-MM-DD HH24:MI:SS", "DD.MM.YYYY HH12.MI.SS PM", "MON/DD/YYYY HH:MI:SS"].map(formatOf);
    fc.assert(
      fc.property(
        fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
        fc.constantFrom(...formats),
        (ms, format) => {
          expect(format.parse(format.format(ms))).toBe(BigInt(ms) * 1000n);
        },
      ),
    );
  });
});

describe("ISO 8601", () => {
  test.each([
    ["2026-11-22", "2026-11-22T00:00:00.000Z", false],
    ["2026-11-22T09:30Z", "2026-11-22T09:30:00.000Z", true],
    ["2026-11-22 09:30:00.123456", "2026-11-22T09:30:00.123Z", false],
    ["2026-11-22T09:30:00+02:00", "2026-11-22T07:30:00.000Z", true],
    ["2026-11-22T09:30:00-0530", "2026-11-22T15:00:00.000Z", true],
  ])("%s", (text, expected, zoned) => {
    const parsed = parseIso(text);
    expect(iso(parsed?.micros)).toBe(expected);
    expect(parsed?.zoned).toBe(zoned);
  });

  test.each([
    "",
    "today",
    "2026-13-01",
    "2026-02-30T00:00:00Z",
    "2026-11-22T25:00",
    "2026-11-22T09:30:00+99:00",
    "22.11.2026",
  ])("%s is refused", (text) => {
    expect(parseIso(text)).toBeUndefined();
  });

  test("agrees with JavaScript's own reader on what both take", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
        (date) => {
          expect(parseIso(date.toISOString())?.micros).toBe(BigInt(date.getTime()) * 1000n);
        },
      ),
    );
  });
});
