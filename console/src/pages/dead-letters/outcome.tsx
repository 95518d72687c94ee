import type { JSX } from "preact";
import type { RedriveReport } from "../../../../src/api/control/contract.ts";
import { count, plural } from "../../text.ts";

const FAILURES_SHOWN = 10;

/** What a redrive did, or would do. */
export function Outcome({ report }: { report: RedriveReport }): JSX.Element {
  const { chosen, loaded, filtered, failed, alreadyRedriven, dryRun, preview } = report;
  const good = failed.length === 0;
  return (
    <div class="outcome" role="status">
      <p class={good ? "ok" : "warn"}>
        {good ? "✓" : "!"} {plural(chosen, "dead letter")}: {count(loaded)} {dryRun ? "would be loaded" : "loaded"},{" "}
        {count(filtered)} {dryRun ? "would be filtered" : "filtered"}, {count(failed.length)}{" "}
        {dryRun ? "would fail again" : "failed again"}
        {alreadyRedriven > 0 && `, ${count(alreadyRedriven)} redriven before`}.
      </p>
      {(preview ?? [])
        .filter(({ rows }) => rows.length > 0)
        .map(({ table, columns, rows }) => (
          <div class="scroll" key={table}>
            <table>
              <caption class="quiet">{table} would get</caption>
              <thead>
                <tr>
                  {columns.map((column) => (
                    <th key={column}>{column}</th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.map((row, index) => (
                  <tr key={index}>
                    {row.map((value, at) => (
                      <td key={columns[at]}>{value ?? <span class="quiet">NULL</span>}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ))}
      {failed.length > 0 && (
        <ul class="failures">
          {failed.slice(0, FAILURES_SHOWN).map((failure) => (
            <li key={failure.id}>
              <strong>{failure.code}</strong> {failure.message} <span class="quiet key">{failure.id}</span>
            </li>
          ))}
          {failed.length > FAILURES_SHOWN && <li class="quiet">and {count(failed.length - FAILURES_SHOWN)} more</li>}
        </ul>
      )}
    </div>
  );
}
