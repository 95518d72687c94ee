import { PenstockError } from "../../src/core/errors.js";
import type { Warehouse } from "../../src/warehouse/warehouse.js";

/**
 * `after-commit`: the load commits, and its answer is lost. `before-commit`: it fails, and nobody can say so. `conflict`: another
 * transaction was quicker. `timeout`: it is cancelled by its deadline. `ledger`: the next question to the ledger goes unanswered.
 */
export type Fault = "none" | "after-commit" | "before-commit" | "conflict" | "timeout" | "ledger" | "quarantine";

export interface FaultyWarehouse extends Warehouse {
  /** Loads that reached the real driver. */
  readonly loads: readonly (readonly string[])[];
}

/** A real driver whose calls go wrong as a list of faults says, one a call; beyond the list all is well. */
export function faultyWarehouse(real: Warehouse, faults: readonly Fault[]): FaultyWarehouse {
  const left = [...faults];
  const loads: string[][] = [];
  const next = (...kinds: readonly Fault[]): Fault =>
    left[0] !== undefined && (left[0] === "none" || kinds.includes(left[0])) ? (left.shift() as Fault) : "none";
  return {
    ...real,
    loads,
    load: async (request) => {
      const fault = next("after-commit", "before-commit", "conflict", "timeout");
      if (fault === "before-commit") throw new PenstockError("unavailable", "The connection broke before the commit.");
      if (fault === "conflict") throw new PenstockError("unavailable", "TransactionContext Error: Conflict on update!");
      if (fault === "timeout") throw new PenstockError("timeout", "The load took too long.");
      loads.push(request.objects.map(({ key }) => key));
      const report = await real.load(request);
      if (fault === "after-commit") throw new PenstockError("unavailable", "The connection broke after the commit.");
      return report;
    },
    ledger: async (target, keys) => {
      if (next("ledger") === "ledger") throw new PenstockError("unavailable", "The ledger cannot be reached.");
      return real.ledger(target, keys);
    },
    quarantine: async (target, object, reason) => {
      if (next("quarantine") === "quarantine")
        throw new PenstockError("unavailable", "The warehouse cannot be reached.");
      return real.quarantine(target, object, reason);
    },
  };
}
