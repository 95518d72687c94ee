/** What clients make the server keep for them, counted for all connections together: long messages, prepared statements, portals' values. */
import { MIB } from "../../core/limits.js";
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";

export interface HeldBytes {
  /** Throws 53200 where there is no room. */
  take(bytes: number): void;
  give(bytes: number): void;
}

export function heldBytes(bytesMax = 256 * MIB): HeldBytes {
  let held = 0;
  return {
    take(bytes) {
      if (held + bytes > bytesMax) {
        throw new SqlError(SQL_STATE.outOfMemory, "out of memory: clients hold too much of it", {
          hint: "Close prepared statements and portals that are not used any more, or send shorter statements.",
        });
      }
      held += bytes;
    },
    give(bytes) {
      held -= bytes;
    },
  };
}

/** One connection's part of it: given back as a whole when the connection is over. */
export interface OwnBytes extends HeldBytes {
  giveAll(): void;
}

export function ownBytes(all: HeldBytes): OwnBytes {
  let own = 0;
  return {
    take(bytes) {
      all.take(bytes);
      own += bytes;
    },
    give(bytes) {
      all.give(bytes);
      own -= bytes;
    },
    giveAll() {
      all.give(own);
      own = 0;
    },
  };
}
