import { isPenstockError, messageOf } from "../core/errors.js";
import type { BatchEvent } from "./machine.js";

/** What an error of a load means for its batch; both runners of the machine go by it. */
export function eventOf(error: unknown): BatchEvent {
  const reason =
    isPenstockError(error) && error.hint !== undefined ? `${error.message} ${error.hint}` : messageOf(error);
  if (!isPenstockError(error)) return { kind: "unknown", reason };
  switch (error.code) {
    case "load-failed":
    case "not-found":
    case "damaged":
      return { kind: "refused", reason };
    case "incompatible-schema":
      return { kind: "hindered", reason };
    case "poisoned":
    case "invalid-argument":
    case "refused":
      return { kind: "fatal", reason };
    default:
      return { kind: "unknown", reason };
  }
}
