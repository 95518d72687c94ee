/** The dashboard's charts that somebody pinned: a small file of the data directory. */
import { join } from "node:path";
import type { Pin } from "../api/control/contract.js";
import { inTurn } from "../core/in-turn.js";
import { readJsonFile, writeFileAtomically } from "../disk/atomic-file.js";
import type { Disk } from "../disk/disk.js";

export interface Pins {
  all(): Promise<readonly Pin[]>;
  /** In the order given; durable on return. */
  replace(pins: readonly Pin[]): Promise<void>;
}

export function openPins(disk: Disk, dataDirectory: string): Pins {
  const path = join(dataDirectory, "pins.json");
  const take = inTurn();
  return {
    all: () => take("", async () => (await readJsonFile<{ pins: readonly Pin[] }>(disk, path))?.pins ?? []),
    replace: (pins) => take("", () => writeFileAtomically(disk, path, `${JSON.stringify({ pins }, null, 2)}\n`)),
  };
}
