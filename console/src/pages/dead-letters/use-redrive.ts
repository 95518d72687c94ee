import { useState } from "preact/hooks";
import type { RedriveBody, RedriveReport } from "../../../../src/api/control/contract.ts";
import { ApiError, post } from "../../api.ts";

export interface Redrive {
  readonly report: RedriveReport | undefined;
  readonly failure: string | undefined;
  readonly working: boolean;
  /** The last answer was a preview of just this. */
  previewed(body: RedriveBody): boolean;
  run(body: RedriveBody): Promise<void>;
  clear(): void;
}

/** A redrive: looked at first, by the same body as a dry run. `onDone` after one that changed something. */
export function useRedrive(onDone: () => void): Redrive {
  const [report, setReport] = useState<RedriveReport>();
  const [failure, setFailure] = useState<string>();
  const [working, setWorking] = useState(false);
  const [seen, setSeen] = useState<string>();
  const keyOf = ({ dryRun: _, ...body }: RedriveBody) => JSON.stringify(body);
  return {
    report,
    failure,
    working,
    previewed: (body) => seen === keyOf(body) && report?.dryRun === true,
    clear: () => {
      setReport(undefined);
      setFailure(undefined);
      setSeen(undefined);
    },
    run: async (body) => {
      setWorking(true);
      setFailure(undefined);
      try {
        setReport(await post<RedriveReport>("redrive", body));
        setSeen(keyOf(body));
        if (body.dryRun !== true) onDone();
      } catch (error) {
        setReport(undefined);
        setFailure(error instanceof ApiError ? [error.message, error.hint].filter(Boolean).join(" ") : String(error));
      } finally {
        setWorking(false);
      }
    },
  };
}
