import { useState } from "preact/hooks";
import type { AuditProgress, AuditReport } from "../../../src/api/control/contract.ts";
import { ApiError, postLines } from "../api.ts";

interface UsedAudit {
  readonly report: AuditReport | undefined;
  readonly failure: string | undefined;
  readonly working: boolean;
  /** What the button says. */
  readonly word: string;
  /** Resolves when it is done, however it ended; one that `signal` ends is as if it had never begun. */
  run(signal?: AbortSignal): Promise<void>;
}

/** The recount, and how far it has come: of a lake with very many objects it takes minutes. */
export function useAudit(): UsedAudit {
  const [report, setReport] = useState<AuditReport>();
  const [failure, setFailure] = useState<string>();
  const [progress, setProgress] = useState<AuditProgress>();
  const [working, setWorking] = useState(false);
  const run = async (signal?: AbortSignal) => {
    setWorking(true);
    try {
      for await (const said of postLines<AuditProgress | AuditReport>("audit", { progress: true }, signal)) {
        if ("findings" in said) setReport(said);
        else setProgress(said);
      }
      setFailure(undefined);
    } catch (error) {
      if (!signal?.aborted) setFailure(error instanceof ApiError ? error.message : String(error));
    } finally {
      setWorking(false);
      setProgress(undefined);
    }
  };
  const percent = progress === undefined ? undefined : (100 * progress.flushes) / Math.max(1, progress.flushesTotal);
  const counting = percent === undefined ? "Counting…" : `Counting ${progress?.table}: ${Math.floor(percent)} %`;
  return { report, failure, working, word: working ? counting : "Audit", run };
}
