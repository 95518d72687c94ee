import { type ErrorCode, isPenstockError, messageOf, PenstockError } from "../../core/errors.js";

/**
 * What an error of the engine means to the caller. DuckDB's messages begin with the class of the error; its JavaScript binding has no other
 * place for it.
 */
export function engineError(error: unknown, doing: string, warehousePath?: string): PenstockError {
  if (isPenstockError(error)) return error;
  const message = messageOf(error);
  if (warehousePath !== undefined && isFileDamage(message, warehousePath)) {
    return warehouseDamaged(warehousePath, `${doing}: ${firstLines(message)}`, error);
  }
  const [code, hint] = classify(message);
  return new PenstockError(code, `${doing}: ${firstLines(message)}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Whether the engine tells of its own file (and not of an object that it reads) that its bytes are not what was written. */
function isFileDamage(message: string, path: string): boolean {
  if (/Corrupt database file|not a valid DuckDB database file/i.test(message)) return true;
  return (
    /Could not read enough bytes from file|Could not read all of the bytes/i.test(message) &&
    message.includes(`"${path}"`)
  );
}

/** What is wrong, where, and the way back: all rows that the pipeline loaded are in the lake, and the ledger goes with the file. */
function warehouseDamaged(path: string, what: string, cause: unknown): PenstockError {
  return new PenstockError("poisoned", `The warehouse's file ${path} is damaged. ${what}`, {
    cause,
    hint:
      `Restore it from a copy; or stop, put it aside (mv ${path} ${path}.damaged; the .wal beside it too, if there is one) and run \`penstock up\` again: ` +
      "all that was delivered is loaded again from the lake, by itself and exactly once. Check it by `penstock audit`. Then redrive the letters that had been redriven " +
      "(`penstock errors redrive`); tables of your own were in that file alone.",
  });
}

function classify(message: string): [ErrorCode, string?] {
  const full = /no space left|could not (write|sync|truncate)|quota/i.test(message);
  if (/^FATAL Error|database has been invalidated/i.test(message)) {
    if (full) {
      return [
        "poisoned",
        "Make room on the disk that holds the data directory, then stop the process and start it again: the warehouse's file is as of its last commit, and what is not loaded yet is loaded then.",
      ];
    }
    return ["poisoned", "Stop the process and start it again: the warehouse's file is as of its last commit."];
  }
  if (/^INTERRUPT Error/i.test(message)) return ["timeout"];
  if (full && /^(IO|TransactionContext) Error/i.test(message)) {
    return ["unavailable", "Make room on the disk that holds the data directory."];
  }
  if (/^TransactionContext Error|write-write conflict|Conflict on/i.test(message)) {
    return ["unavailable", "Somebody else changed the same rows at the same time; try again."];
  }
  if (/^Out of Memory Error/i.test(message)) {
    return [
      "unavailable",
      "Give the warehouse more memory (--warehouse-memory-mib) or more room to spill (--spill-mib).",
    ];
  }
  if (/^Internal Error/i.test(message)) return ["unavailable"];
  return ["load-failed"];
}

/** Without the drawing of the statement that DuckDB puts below some messages. */
function firstLines(message: string): string {
  return (message.split(/\n\s*\n|\nLINE \d+:/)[0] ?? message).trim();
}

/** The engine's message as a person should read it who sent the SQL: here the drawing helps. */
export function fullMessage(error: unknown): string {
  return messageOf(error).trim();
}
