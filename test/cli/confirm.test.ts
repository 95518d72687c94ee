import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { confirm } from "../../src/cli/support/confirm.js";
import type { Terminal } from "../../src/cli/support/terminal.js";

function terminal(answer: string | undefined): Terminal {
  const stdin = Readable.from(answer === undefined ? [] : [answer]);
  return {
    environment: {},
    workingDirectory: "/",
    stdin: Object.assign(stdin, { isTTY: true }),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    onInterrupt: () => () => {},
  };
}

describe("a question before something is changed", () => {
  it("is granted by yes alone, and by nothing else", async () => {
    for (const yes of ["y\n", "yes\n", "Y\n"])
      expect(await confirm(terminal(yes), "Go?", { flag: "--yes" })).toBe(true);
    for (const no of ["n\n", "\n", "yep\n"]) expect(await confirm(terminal(no), "Go?", { flag: "--yes" })).toBe(false);
  });

  it("that asks for a word is granted by that word alone", async () => {
    expect(await confirm(terminal("market\n"), "Go?", { flag: "--yes", word: "market" })).toBe(true);
    expect(await confirm(terminal("y\n"), "Go?", { flag: "--yes", word: "market" })).toBe(false);
  });

  it("is not granted by an input that ends", async () => {
    expect(await confirm(terminal(undefined), "Go?", { flag: "--yes" })).toBe(false);
  });
});
