import { createInterface } from "node:readline/promises";
import { PenstockError } from "../../core/errors.js";
import type { Terminal } from "./terminal.js";

/**
 * Asks on standard error and answers whether it was granted: `yes`, or, where `word` is given, that very word. Where nobody can be asked, it is an
 * error that names the flag.
 */
export async function confirm(
  terminal: Terminal,
  question: string,
  { flag, word }: { readonly flag: string; readonly word?: string },
): Promise<boolean> {
  if (terminal.stdin.isTTY !== true) {
    throw new PenstockError("invalid-argument", "This asks first, and there is no terminal to ask on.", {
      hint: `Where it is meant to go on without a question, add ${flag}.`,
    });
  }
  const reader = createInterface({ input: terminal.stdin, output: terminal.stderr });
  const closed = new Promise<string>((resolve) => reader.once("close", () => resolve("")));
  try {
    const answer = await Promise.race([
      reader.question(`${question} ${word === undefined ? "[y/N]" : `Type ${word} to go on:`} `),
      closed,
    ]);
    return word === undefined ? /^y(es)?$/i.test(answer.trim()) : answer.trim() === word;
  } finally {
    reader.close();
  }
}
