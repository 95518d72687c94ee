import fc from "fast-check";
import { expect, test } from "vitest";
import { base64End, base64Fault } from "../../../src/api/aws/base64.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const nearly = fc
  .array(fc.constantFrom(...ALPHABET, "=", "=", "-", "_", " ", "\n", "é"), { maxLength: 24 })
  .map((chars) => chars.join(""));
const sound = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString("base64"));

test("base64 is taken exactly where encoding its bytes again gives the same text", () => {
  fc.assert(
    fc.property(fc.oneof(nearly, sound), (text) => {
      const same = Buffer.from(text, "base64").toString("base64") === text;
      expect(base64Fault(text) === undefined).toBe(same);
    }),
  );
});

test("the check on bytes finds the end of what the check on text takes, and nothing else", () => {
  fc.assert(
    fc.property(fc.oneof(nearly, sound), fc.nat(5), (text, before) => {
      const bytes = Buffer.from(`${" ".repeat(before)}${text}"`, "latin1");
      const end = base64End(bytes, before);
      expect(end).toBe(base64Fault(text) === undefined ? before + text.length : -1);
    }),
  );
});

test.each([
  ["23456", "Base64 encoded length is expected a multiple of 4 bytes but found: 5"],
  ["=+/=", "Invalid Base64 character: '='"],
  ["+/+=", "Invalid last non-pad Base64 character dectected"],
  ["A===", "Invalid last non-pad Base64 character dectected"],
  ["ab-_", "Invalid Base64 character: '-'"],
  ["YWJj", undefined],
  ["", undefined],
])("%j is refused in the service's words", (text, fault) => {
  expect(base64Fault(text)).toBe(fault);
});
