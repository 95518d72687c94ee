import type { JSX } from "preact";
import type { AuditCounts } from "../../../../src/api/control/contract.ts";
import { useAudit } from "../../parts/use-audit.ts";
import { clockTime, count } from "../../text.ts";

/** What a row can have become, in the order in which it is drawn. Each has a pattern of its own besides its colour. */
const PARTS = [
  ["loaded", "loaded"],
  ["deduped", "deduplicated"],
  ["filtered", "filtered"],
  ["deadLettered", "dead letters"],
  ["pending", "on the way"],
  ["lost", "lost"],
] as const satisfies readonly (readonly [keyof AuditCounts, string])[];

/** The recount as a picture: everything acked, and what it became, adding up. */
export function AuditPicture(): JSX.Element {
  const { report, failure, working, word, run } = useAudit();
  return (
    <section class="panel audit-picture" aria-label="Audit of everything">
      <header>
        <h2>Everything, recounted</h2>
        <button type="button" class="button" disabled={working} onClick={() => void run()}>
          {word}
        </button>
      </header>
      {failure !== undefined && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
      {report === undefined ? (
        <p class="quiet empty">Recounts journal, lake and ledger from the data itself, and shows that they add up.</p>
      ) : (
        <>
          <p class={report.ok ? "ok" : "bad"} role="status">
            <strong>
              {report.ok ? "✓" : "✕"} {count(report.acked)} records acked; lost {count(report.lost)}, duplicated{" "}
              {count(report.duplicated)}
            </strong>{" "}
            <span class="quiet">at {clockTime(report.atMs)}</span>
          </p>
          {report.tables.map((table) => (
            <TableBar key={table.name} name={table.name} counts={table} />
          ))}
          <ul class="legend">
            {PARTS.map(([part, word]) => (
              <li key={part}>
                <span class={`swatch ${part}`} /> {word}
              </li>
            ))}
          </ul>
          {report.findings.map((finding) => (
            <p key={finding} class="bad">
              {finding}
            </p>
          ))}
        </>
      )}
    </section>
  );
}

function TableBar({ name, counts }: { name: string; counts: AuditCounts }): JSX.Element {
  const total = PARTS.reduce((sum, [part]) => sum + counts[part], 0);
  const shown = PARTS.filter(([part]) => counts[part] > 0);
  return (
    <figure class="table-bar">
      <figcaption>
        <strong>{name}</strong> <span class="quiet">{count(counts.acked)} records acked</span>
      </figcaption>
      <div class="bar" aria-hidden="true">
        {shown.map(([part]) => (
          // What is there at all can be seen, however little it is.
          <span key={part} class={part} style={{ flexGrow: counts[part] / total, flexBasis: "4px" }} />
        ))}
      </div>
      <p>
        {shown.length === 0 ? "nothing yet" : shown.map(([part, word]) => `${count(counts[part])} ${word}`).join(" · ")}
      </p>
    </figure>
  );
}
