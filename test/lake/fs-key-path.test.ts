import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { partOfName, pathOfKey } from "../../src/lake/fs-key-path.js";

/** The key that a path stands for, read name by name as a walk does. */
function keyOfPath(path: string): string {
  const parts = path.split("/").map((name) => partOfName(name)!);
  expect(parts.map(({ kind }) => kind)).toEqual([...parts.slice(1).map(() => "folder"), "key"]);
  return Buffer.concat(parts.map(({ bytes }) => bytes)).toString();
}

const strange = fc
  .oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 300 }),
    fc
      .array(
        fc.constantFrom("a", "A", "/", ".", "..", "%", "~", "+", "\0", "é", "e\u0301", "\u{1f600}", "b".repeat(80)),
        {
          minLength: 1,
          maxLength: 12,
        },
      )
      .map((parts) => parts.join("")),
  )
  .filter((key) => Buffer.byteLength(key) <= 1024);

describe("a bucket's path of a key", () => {
  test.each([
    ["a/b.txt", "a~/b.txt"],
    ["a", "a"],
    ["a/", "a~/%"],
    ["/a", "~/a"],
    ["//", "~/~/%"],
    ["..", "%2E%2E"],
    ["../../etc/passwd", "%2E%2E~/%2E%2E~/etc~/passwd"],
    ["...", "..."],
    ["A b", "%41%20b"],
    ["k".repeat(80), `${"k".repeat(80)}+/%`],
    [`${"k".repeat(80)}..`, `${"k".repeat(80)}+/%2E%2E`],
    [`${"k".repeat(81)}/x`, `${"k".repeat(80)}+/k~/x`],
  ])("%j is at %j", (key, path) => {
    expect(pathOfKey(key)).toBe(path);
    expect(keyOfPath(path)).toBe(key);
  });

  test("every key has a path, and the path has the key", () => {
    fc.assert(
      fc.property(strange, (key) => {
        const path = pathOfKey(key);
        expect(keyOfPath(path)).toBe(key);
        for (const name of path.split("/")) {
          expect(name.length).toBeLessThanOrEqual(255);
          expect(name).toMatch(/^[a-z0-9_.%A-F+~-]+$/);
          expect([".", ".."]).not.toContain(name);
        }
        expect(path.length).toBeLessThan(3500);
      }),
    );
  });

  test("no two keys have paths that a filesystem could take for one, or one inside the other", () => {
    fc.assert(
      fc.property(strange, strange, (one, other) => {
        fc.pre(one !== other);
        const [a, b] = [pathOfKey(one).toLowerCase().normalize("NFC"), pathOfKey(other).toLowerCase().normalize("NFC")];
        expect(a).not.toBe(b);
        expect(b.startsWith(`${a}/`)).toBe(false);
      }),
    );
  });

  test.each([".DS_Store", "Thumbs", "%4", "%zz", "~~", "a b", ""])("%j is nobody's name", (name) => {
    expect(partOfName(name)).toBeUndefined();
  });
});
