import "./trace.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ModelAnswer, PipelineStatus, TraceReport } from "../../../../src/api/control/contract.ts";
import { ApiError, get } from "../../api.ts";
import { AuditPicture } from "./audit-picture.tsx";
import { FindRecord, type RecordName } from "./find-record.tsx";
import { Journey } from "./journey.tsx";

export interface TracePageProps {
  readonly status: PipelineStatus;
  readonly model: ModelAnswer | undefined;
  /** From the page's address: a record to follow at once. */
  readonly named?: RecordName;
}

/** Where one record went, stage by stage; and what became of all of them. */
export function TracePage({ status, model, named }: TracePageProps): JSX.Element {
  const [name, setName] = useState(named);
  const [report, setReport] = useState<TraceReport>();
  const [failure, setFailure] = useState<string>();
  const [working, setWorking] = useState(false);

  useEffect(() => setName(named), [named?.sequence, named?.stream, named?.shard]);
  useEffect(() => {
    if (name === undefined) return;
    const leaving = new AbortController();
    const asked = new URLSearchParams({ ...name });
    setWorking(true);
    get<TraceReport>(`trace?${asked}`, leaving.signal)
      .then(
        (found) => {
          setReport(found);
          setFailure(undefined);
        },
        (error: unknown) => {
          if (leaving.signal.aborted) return;
          setReport(undefined);
          setFailure(error instanceof ApiError ? [error.message, error.hint].filter(Boolean).join(" ") : String(error));
        },
      )
      .finally(() => {
        if (!leaving.signal.aborted) setWorking(false);
      });
    return () => leaving.abort();
  }, [name]);

  return (
    <div class="trace">
      <FindRecord status={status} model={model} onChosen={(chosen) => setName({ ...chosen })} />
      <section class="panel" aria-label="Trace" aria-live="polite" aria-busy={working}>
        <header>
          <h2>Where it went</h2>
        </header>
        {failure !== undefined && (
          <p class="notice bad" role="alert">
            {failure}
          </p>
        )}
        {report === undefined && failure === undefined && (
          <p class="quiet empty">{working ? "Looking…" : "Name a record above, and see each stage that it passed."}</p>
        )}
        {report !== undefined && <Journey report={report} />}
      </section>
      <AuditPicture />
    </div>
  );
}
