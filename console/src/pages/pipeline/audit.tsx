import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { AuditReport, PipelineStatus } from "../../../../src/api/control/contract.ts";
import { useAudit } from "../../parts/use-audit.ts";
import { ago, count } from "../../text.ts";

/** By itself the page audits only what is quickly counted: larger ones wait for the button. */
const BY_ITSELF_RECORDS_MAX = 2_000_000;
const BY_ITSELF_TOOK_MS_MAX = 500;
/** Few records may lie in very many objects: then it waits for the button as well. */
const BY_ITSELF_GIVES_UP_MS = 2000;
const BY_ITSELF_EVERY_MS = 15_000;

export function Audit({ status, connected }: { status: PipelineStatus; connected: boolean }): JSX.Element {
  const { report, failure, working, word, run } = useAudit();
  const last = useRef({ atMs: -Infinity, tookMs: 0 });

  const runByItself = async () => {
    const startedMs = performance.now();
    await run(AbortSignal.timeout(BY_ITSELF_GIVES_UP_MS));
    last.current = { atMs: performance.now(), tookMs: performance.now() - startedMs };
  };
  const records = status.streams.reduce((sum, stream) => sum + stream.records, 0);
  useEffect(() => {
    const { atMs, tookMs } = last.current;
    const due = performance.now() - atMs > BY_ITSELF_EVERY_MS && tookMs < BY_ITSELF_TOOK_MS_MAX;
    if (due && connected && !working && !document.hidden && records > 0 && records < BY_ITSELF_RECORDS_MAX)
      void runByItself();
  }, [status.atMs]);

  return (
    <section class="audit" aria-label="Audit" aria-live="polite">
      <Verdict report={report} failure={failure} />
      {report !== undefined && (
        <dl>
          <Count name="acked" value={report.acked} />
          <Count name="loaded" value={report.loaded} />
          <Count name="dead" value={report.deadLettered} />
          <Count name="filtered" value={report.filtered} />
          <Count name="deduped" value={report.deduped} />
          <Count name="on the way" value={report.pending} />
          <Count name="lost" value={report.lost} bad />
          <Count name="duplicated" value={report.duplicated} bad />
        </dl>
      )}
      <p class="again">
        {report !== undefined && <span class="quiet">counted {ago(report.atMs, status.atMs)}</span>}
        <button type="button" class="button" disabled={working || !connected} onClick={() => void run()}>
          {word}
        </button>
      </p>
      {report !== undefined && report.findings.length > 0 && (
        <ul class="findings">
          {report.findings.map((finding) => (
            <li key={finding}>{finding}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Verdict({ report, failure }: { report: AuditReport | undefined; failure: string | undefined }): JSX.Element {
  if (failure !== undefined) return <p class="verdict bad">✕ {failure}</p>;
  if (report === undefined) return <p class="verdict quiet">Recount every record from the data itself.</p>;
  const { ok } = report;
  return ok ? <p class="verdict ok">✓ All accounted for</p> : <p class="verdict bad">✕ Not all accounted for</p>;
}

function Count({ name, value, bad = false }: { name: string; value: number; bad?: boolean }): JSX.Element {
  return (
    <div class={bad && value > 0 ? "bad" : ""}>
      <dt>{name}</dt>
      <dd>{count(value)}</dd>
    </div>
  );
}
