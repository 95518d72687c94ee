import { expect, test } from "vitest";
import { isPenstockError, messageOf, PenstockError } from "../../src/core/errors.js";

test("an error carries its code, its hint and its cause", () => {
  const cause = new Error("ENOSPC");
  const error = new PenstockError("unavailable", "The disk is full.", { hint: "Free some space.", cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: "PenstockError", code: "unavailable", hint: "Free some space.", cause });
  expect("cause" in new PenstockError("refused", "No.")).toBe(false);
});

test("only what may pass by itself is worth a retry", () => {
  const retryable = (code: ConstructorParameters<typeof PenstockError>[0]) => new PenstockError(code, "").retryable;
  expect(retryable("unavailable")).toBe(true);
  expect(retryable("timeout")).toBe(true);
  for (const code of ["invalid-argument", "refused", "damaged", "poisoned", "load-failed", "locked"] as const) {
    expect(retryable(code)).toBe(false);
  }
});

test("an error is known by its code, anything else is not one", () => {
  const error = new PenstockError("not-found", "There is no stream x.");
  expect(isPenstockError(error)).toBe(true);
  expect(isPenstockError(error, "not-found")).toBe(true);
  expect(isPenstockError(error, "refused")).toBe(false);
  expect(isPenstockError(Object.assign(new Error("x"), { code: "not-found" }), "not-found")).toBe(false);
  expect(isPenstockError(undefined)).toBe(false);
});

test("anything thrown has a message", () => {
  expect(messageOf(new Error("broken"))).toBe("broken");
  expect(messageOf("just text")).toBe("just text");
  expect(messageOf(undefined)).toBe("undefined");
});
