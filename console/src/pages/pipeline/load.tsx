import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { LoadAnswer, LoadAttempt } from "../../../../src/api/control/contract.ts";
import type { LoadStatement } from "../../../../src/warehouse/warehouse.ts";
import { ApiError, get } from "../../api.ts";
import { bytes, clockTime, count, duration, plural } from "../../text.ts";

/** How one object came into its table: its times, and the statements that its load ran. */
export function Load({ table, objectKey }: { table: string; objectKey: string }): JSX.Element {
  const [answer, setAnswer] = useState<LoadAnswer>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    const leaving = new AbortController();
    get<LoadAnswer>(
      `load?table=${encodeURIComponent(table)}&key=${encodeURIComponent(objectKey)}`,
      leaving.signal,
    ).then(setAnswer, (error: unknown) => {
      if (leaving.signal.aborted) return;
      setFailure(error instanceof ApiError ? [error.message, error.hint].filter(Boolean).join(" ") : String(error));
    });
    return () => leaving.abort();
  }, []);
  if (failure !== undefined) {
    return (
      <p class="notice bad" role="alert">
        {failure}
      </p>
    );
  }
  if (answer === undefined) return <p class="quiet">Reading…</p>;
  const { entry, attempts } = answer;
  return (
    <section aria-label="Load">
      <h3 class="key">{answer.key}</h3>
      {entry !== undefined && (
        <p>
          {entry.status === "loaded" ? "● loaded" : `■ quarantined: ${entry.reason ?? "no reason given"}`};{" "}
          {plural(entry.rows, "row")}, {count(entry.loadedRows)} loaded, {count(entry.dedupedRows)} deduplicated,{" "}
          {count(entry.replacedRows)} older ones replaced; {bytes(entry.sizeBytes)}, flush {count(entry.flush)}, version{" "}
          {count(entry.schemaVersion)} of the definition.
        </p>
      )}
      <Timeline answer={answer} />
      {attempts.length === 0 && (
        <p class="quiet">
          Its statements are not kept any more: they are those of this start, of a table's newest 200 loads. What is
          above is the ledger's.
        </p>
      )}
      {attempts.map((attempt, index) => (
        <Attempt key={attempt.startedAtMs} attempt={attempt} number={index + 1} of={attempts.length} />
      ))}
    </section>
  );
}

/** Each moment with how long it came after the one before. */
function Timeline({ answer }: { answer: LoadAnswer }): JSX.Element {
  const { entry, attempts, deliveredAtMs } = answer;
  const arrived = attempts.find(({ oldestArrivalMs }) => oldestArrivalMs !== undefined)?.oldestArrivalMs;
  const moments: { readonly what: string; readonly atMs: number }[] = [];
  const add = (what: string, atMs: number | undefined) => {
    if (atMs !== undefined) moments.push({ what, atMs });
  };
  add("its load's oldest record arrived", arrived);
  add("delivered to the lake", deliveredAtMs);
  for (const { startedAtMs, tookMs, outcome, reason } of attempts) {
    add("its load began", startedAtMs);
    if (outcome === "failed") add(`it failed: ${reason ?? "no reason given"}`, startedAtMs + (tookMs ?? 0));
    if (outcome === "loaded") add("committed, with its entry in the ledger", startedAtMs + (tookMs ?? 0));
  }
  if (entry !== undefined && attempts.length === 0) {
    if (entry.status === "loaded") add("its load began", entry.loadedAtMs - entry.tookMs);
    add(entry.status === "loaded" ? "entered into the ledger" : "put into quarantine", entry.loadedAtMs);
  }
  return (
    <ol class="timeline">
      {moments.map(({ what, atMs }, index) => {
        const before = moments[index - 1]?.atMs;
        return (
          <li key={`${index} ${what}`}>
            <time dateTime={new Date(atMs).toISOString()} title={new Date(atMs).toISOString()}>
              {clockTime(atMs)}
            </time>{" "}
            {what} {before !== undefined && <span class="quiet">{duration(Math.max(0, atMs - before))} later</span>}
          </li>
        );
      })}
    </ol>
  );
}

const OUTCOMES = { running: "● running", loaded: "● loaded", failed: "■ failed" } as const;

function Attempt({ attempt, number, of }: { attempt: LoadAttempt; number: number; of: number }): JSX.Element {
  const { statements } = attempt;
  const longest = Math.max(1, ...statements.map(({ tookMs = 0 }) => tookMs));
  return (
    <div class="attempt">
      <h4>
        {of > 1 && `Try ${number}: `}
        {OUTCOMES[attempt.outcome]}
        {attempt.tookMs !== undefined && ` in ${duration(attempt.tookMs)}`},{" "}
        {attempt.objects === 1 ? "alone" : `${count(attempt.objects)} objects in one transaction`}
      </h4>
      {statements.length === 0 && <p class="quiet">No statement has been run, or none is kept.</p>}
      <ol class="statements">
        {statements.map((statement, index) => (
          // Their order is all that they are known by.
          <Statement key={index} statement={statement} longest={longest} />
        ))}
      </ol>
    </div>
  );
}

function Statement({ statement, longest }: { statement: LoadStatement; longest: number }): JSX.Element {
  const { sql, values, tookMs, rowsChanged, failure } = statement;
  return (
    <li>
      <details>
        <summary>
          <code>{sql.trim().replace(/\s+/g, " ").slice(0, 90)}</code>
          {tookMs !== undefined && (
            <span class="took">
              <meter min={0} max={longest} value={tookMs} aria-hidden="true" /> {duration(tookMs)}
            </span>
          )}
          {rowsChanged !== undefined && <span class="quiet"> {plural(rowsChanged, "row")}</span>}
          {failure !== undefined && <span class="tag bad">■ {failure}</span>}
        </summary>
        <pre>{sql}</pre>
        {values?.map((value, index) => (
          <p class="quiet value" key={value}>
            ${index + 1} = {value}
          </p>
        ))}
      </details>
    </li>
  );
}
