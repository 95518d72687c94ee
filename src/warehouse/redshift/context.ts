import type { Clock } from "../../core/clock.js";
import { PenstockError } from "../../core/errors.js";
import type { ObjectStore } from "../../lake/object-store.js";
import type { DataApi, Limit } from "./data-api.js";
import type { RedshiftPlace, Step } from "./steps.js";

/** What the parts of the driver share. */
export interface Context {
  readonly api: DataApi;
  readonly place: RedshiftPlace;
  readonly lake: ObjectStore;
  readonly bucket: string;
  readonly iamRole: string;
  readonly manifestPrefix: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly newId: () => string;
  limit(ms?: number, signal?: AbortSignal): Limit;
}

const TRIES_MAX = 12;
const PAUSE_FIRST_MS = 40;
const PAUSE_MAX_MS = 2_000;

/** Grows with each try; between half of it and the whole, so that those who met do not meet again. */
export function pauseMs({ random }: Pick<Context, "random">, attempt: number): number {
  return Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** attempt) * (0.5 + random() / 2);
}

/** A change that may be made twice: tried again where it met another, or where nobody knows what became of it. */
export async function changeSurely(context: Context, steps: readonly Step[], failure: string): Promise<void> {
  const limit = context.limit();
  for (let attempt = 0; ; attempt++) {
    const end = await context.api.transaction(steps, context.newId(), limit);
    if (end.kind === "committed") return;
    const again = (end.kind === "conflict" || end.kind === "unknown") && attempt < TRIES_MAX;
    if (!again || limit.untilMs <= context.clock.monotonic()) {
      throw new PenstockError("unavailable", `${failure}: ${end.reason}`);
    }
    await context.clock.sleep(pauseMs(context, attempt));
  }
}
