import type { JSX } from "preact";
import type { TraceReport } from "../../../../src/api/control/contract.ts";
import { clockTime, count } from "../../text.ts";

type Row = TraceReport["tables"][number]["rows"][number];

/** A word and a mark for each outcome, so that nobody needs to see its colour. */
const OUTCOMES: Readonly<
  Record<Row["outcome"], { readonly mark: string; readonly word: string; readonly tone: string }>
> = {
  pending: { mark: "…", word: "on its way: no flush has taken it yet", tone: "quiet" },
  delivered: { mark: "→", word: "in the lake, not loaded yet", tone: "quiet" },
  loaded: { mark: "✓", word: "loaded", tone: "ok" },
  dead: { mark: "✕", word: "a dead letter", tone: "bad" },
  filtered: { mark: "∅", word: "filtered", tone: "warn" },
  deduped: { mark: "=", word: "deduplicated", tone: "warn" },
};

export function Journey({ report }: { report: TraceReport }): JSX.Element {
  return (
    <div class="journey">
      <Step name="Stream" tone="ok">
        <p>
          <strong>{report.stream}</strong> {report.shardId}, record {count(report.sequence)} of the shard
        </p>
        <p class="key quiet">{report.sequenceNumber}</p>
        <p class="quiet">
          {report.arrivedAtMs === undefined
            ? "arrived at a time no longer kept"
            : `arrived ${new Date(report.arrivedAtMs).toISOString()}`}
          ; {report.inJournal ? "still in the journal" : "no longer in the journal (past its retention)"}
        </p>
      </Step>
      {report.tables.length === 0 && <p class="quiet">No table reads this stream.</p>}
      {report.tables.map(({ table, rows }) => (
        <section key={table} class="branch" aria-label={`table ${table}`}>
          <h3>{table}</h3>
          {rows.length === 0 && (
            <p class="quiet">No row of it is in the lake's objects (they may have been removed).</p>
          )}
          {rows.map((row) => (
            <ol key={row.rowIndex} class="steps">
              <Passed name="Flush" value={row.flush === undefined ? undefined : count(row.flush)} />
              <Passed name="Object" value={row.object} />
              {(row.loadedAtMs !== undefined || row.outcome === "pending" || row.outcome === "delivered") && (
                <Passed name="Load" value={row.loadedAtMs === undefined ? undefined : clockTime(row.loadedAtMs)} />
              )}
              <li class={`end ${OUTCOMES[row.outcome].tone}`}>
                <strong>
                  {OUTCOMES[row.outcome].mark} row {row.rowIndex}: {OUTCOMES[row.outcome].word}
                </strong>
                {row.reason !== undefined && <p>{row.reason}</p>}
                {row.outcome === "dead" && <a href="#/dead-letters">See the dead letters</a>}
              </li>
            </ol>
          ))}
        </section>
      ))}
    </div>
  );
}

function Step({ name, tone, children }: { name: string; tone: string; children: JSX.Element[] }): JSX.Element {
  return (
    <div class={`step ${tone}`}>
      <h3>{name}</h3>
      {children}
    </div>
  );
}

function Passed({ name, value }: { name: string; value: string | undefined }): JSX.Element {
  return (
    <li class={value === undefined ? "not-passed quiet" : "passed"}>
      <span class="quiet">{name}</span>
      <span class="key">{value ?? "not yet"}</span>
    </li>
  );
}
