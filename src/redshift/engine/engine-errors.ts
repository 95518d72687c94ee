/** What an error of DuckDB's means to whoever sent the SQL: never its stack, its statement or a file's path. */
import { isPenstockError, messageOf } from "../../core/errors.js";
import { runtimeError } from "../functions/raise.js";
import { SQL_STATE, SqlError } from "../sql-error.js";

/** `relation` is the name of the table that is changed, for the message of a conflict. */
export function sqlErrorOf(error: unknown, relation?: string): SqlError {
  if (error instanceof SqlError) return error;
  if (isPenstockError(error)) {
    const { hint } = error;
    return new SqlError(SQL_STATE.internalError, error.message, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  const message = messageOf(error);
  return conflict(message, error, relation) ?? resource(message, error) ?? ofData(message, error) ?? internal(error);
}

/** Another transaction was there first: the statement may be tried again, with its whole transaction. */
export function serializationFailure(relation: string | undefined, cause?: unknown): SqlError {
  const where = relation === undefined ? "a table of this transaction" : `table - ${relation}`;
  return new SqlError(SQL_STATE.serializationFailure, `1023: Serializable isolation violation on ${where}`, {
    detail: "Another transaction changed the same rows, or the same table's definition, at the same time.",
    hint: "Run the transaction again.",
    ...(cause === undefined ? {} : { cause }),
  });
}

function conflict(message: string, cause: unknown, relation: string | undefined): SqlError | undefined {
  return /^TransactionContext Error|write-write conflict|Conflict on|has been altered|another transaction/i.test(
    message,
  )
    ? serializationFailure(relation, cause)
    : undefined;
}

function resource(message: string, cause: unknown): SqlError | undefined {
  if (/^INTERRUPT Error/i.test(message)) {
    return new SqlError(SQL_STATE.queryCanceled, "Query cancelled on user's request", { cause });
  }
  if (/^FATAL Error|database has been invalidated/i.test(message)) {
    return new SqlError("58000", "The warehouse's engine has stopped after an error of its own.", {
      hint: "Stop the process and start it again: the warehouse is as of its last commit.",
      cause,
    });
  }
  if (/temp_directory|max_temp_directory_size|offload data/i.test(message) && /^Out of Memory Error/i.test(message)) {
    return new SqlError(SQL_STATE.diskFull, "Disk Full: the statement needs more room to spill than there is.", {
      hint: "Read or sort less at a time, or give the warehouse more room to spill (--spill-mib).",
      cause,
    });
  }
  if (/^Out of Memory Error/i.test(message)) {
    return new SqlError(SQL_STATE.outOfMemory, "The statement needs more memory than the warehouse may use.", {
      hint: "Read or sort less at a time, or give the warehouse more memory (--warehouse-memory-mib).",
      cause,
    });
  }
  if (/^IO Error/i.test(message) && /no space left|could not (write|sync|truncate)|quota/i.test(message)) {
    return new SqlError(SQL_STATE.diskFull, "Disk Full: the warehouse cannot write.", {
      hint: "Make room on the disk that holds the data directory.",
      cause,
    });
  }
  return undefined;
}

function ofData(message: string, cause: unknown): SqlError | undefined {
  const notNull = /NOT NULL constraint failed: (?:.*\.)?"?([^."\s]+)"?$/m.exec(message);
  if (notNull !== null) {
    return new SqlError(SQL_STATE.notNullViolation, `Cannot insert a NULL value into column ${notNull[1]}`, { cause });
  }
  return runtimeError(message, cause);
}

/**
 * Nothing that a statement should be able to cause, so a gap of ours: the engine's own first line helps whoever reports it. Paths in it are
 * left out.
 */
function internal(cause: unknown): SqlError {
  const [line = ""] = messageOf(cause).split("\n");
  const said = line.replace(/"?(?:[A-Za-z]:)?[\\/](?:[^\\/"\s]+[\\/])+[^\\/"\s]*"?/g, "(a file)").slice(0, 300);
  return new SqlError(SQL_STATE.internalError, `The engine could not carry the statement out: ${said}`, {
    hint: "This is an error of Penstock's: please report it with the statement.",
    cause,
  });
}
