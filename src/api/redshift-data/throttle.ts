/** The service's limits of requests a second, for those who want to meet them here first. Each is a bucket that a second fills. */
import type { Clock } from "../../core/clock.js";
import { AwsError } from "../aws/aws-error.js";
import type { Operation } from "../aws/service.js";
import { REQUESTS_A_SECOND } from "./limits.js";

export function throttled(name: string, operation: Operation, clock: Clock): Operation {
  const most = REQUESTS_A_SECOND[name];
  if (most === undefined) return operation;
  let level = most;
  let filledAt = clock.monotonic();
  return {
    run: (raw, call) => {
      const now = clock.monotonic();
      level = Math.min(most, level + ((now - filledAt) / 1000) * most);
      filledAt = now;
      if (level < 1) throw new AwsError("ThrottlingException", "Rate exceeded", 400, "Message");
      level -= 1;
      return operation.run(raw, call);
    },
  };
}
