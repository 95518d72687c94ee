import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ShadowReport, TableAdvice } from "../../../../src/api/control/contract.ts";
import { ApiError, get, post } from "../../api.ts";
import { bytes, count, duration, plural } from "../../text.ts";

/** What the advisor says of a table. Asked for on a click alone: it measures a sample. */
export function Advice({ table }: { table: string }): JSX.Element {
  const [advice, setAdvice] = useState<TableAdvice>();
  const [shadow, setShadow] = useState<ShadowReport>();
  const [failure, setFailure] = useState<string>();
  const [working, setWorking] = useState(false);
  const run = async (work: () => Promise<void>) => {
    setWorking(true);
    setFailure(undefined);
    try {
      await work();
    } catch (error) {
      setFailure(error instanceof ApiError ? [error.message, error.hint].filter(Boolean).join(" ") : String(error));
    } finally {
      setWorking(false);
    }
  };
  return (
    <section class="panel advice" aria-label="Advice" aria-busy={working}>
      <header>
        <h2>Advice</h2>
        <button
          type="button"
          class="button"
          disabled={working}
          onClick={() =>
            void run(async () => setAdvice(await get<TableAdvice>(`advise?table=${encodeURIComponent(table)}`)))
          }
        >
          {working ? "Measuring…" : "Ask the advisor"}
        </button>
      </header>
      {failure !== undefined && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
      {advice === undefined && failure === undefined && (
        <p class="quiet">
          Measures Redshift's encodings on a sample, and sort and distribution keys by the queries that were asked.
        </p>
      )}
      {advice !== undefined && (
        <>
          <p class="quiet">
            {plural(advice.sample.rows, "row")} sampled of {count(advice.sample.rowsTotal)}; reckoned for{" "}
            {count(advice.sample.expectedRows)}. {plural(advice.queries.statements, "logged statement")} read the table,{" "}
            {count(advice.queries.useful)} filter or join it.
          </p>
          <ul class="why">
            {advice.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
          <Encodings advice={advice} />
          <SortKeys advice={advice} />
          <Code title="The table, so made" text={advice.ddl} />
          {advice.patch !== "" && <Code title="The change to the definition" text={advice.patch} />}
          {advice.alter.length > 0 && <Code title="For the table that is there" text={advice.alter.join("\n")} />}
          <p class="actions">
            <button
              type="button"
              class="button"
              disabled={working}
              onClick={() => void run(async () => setShadow(await post<ShadowReport>("advise/shadow", { table })))}
            >
              Try it on a copy
            </button>
            <span class="quiet">Builds a sorted copy, runs the logged queries on both, and drops it.</span>
          </p>
          {shadow !== undefined && <Shadow report={shadow} />}
        </>
      )}
    </section>
  );
}

function Encodings({ advice }: { advice: TableAdvice }): JSX.Element {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Column</th>
            <th>Now</th>
            <th>Best</th>
            <th class="number">Smaller than RAW by</th>
            <th>Sizes of the sample</th>
          </tr>
        </thead>
        <tbody>
          {advice.columns.map((column) => (
            <tr key={column.name}>
              <td>
                {column.name} <span class="quiet">{column.type}</span>
              </td>
              <td>{column.current ?? "auto"}</td>
              <td>
                <strong>{column.best}</strong>
              </td>
              <td class="number">{column.reductionPercent.toFixed(2)} %</td>
              <td class="sizes">
                {column.sizes.map((size) => (
                  <span key={size.encoding} class="quiet">
                    {size.encoding} {bytes(size.sizeBytes)}
                    {size.by === "model" ? "*" : ""}
                  </span>
                ))}
                {column.note !== undefined && <em>{column.note}</em>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet">* by a model of the encoding, not by an encoder</p>
    </div>
  );
}

function SortKeys({ advice }: { advice: TableAdvice }): JSX.Element {
  const { candidates, current } = advice.sortKey;
  return (
    <ul class="sort-keys" aria-label="Sort keys">
      {[current, ...candidates].map((candidate, index) => (
        <li key={`${index}/${candidate.style}/${candidate.columns.join()}`}>
          <span>
            {index === 0 ? "now: " : ""}
            {candidate.style} {candidate.columns.join(", ")}
          </span>
          <meter min={0} max={1} value={candidate.skipped} />
          <span class="number">{(candidate.skipped * 100).toFixed(1)} % of rows passed by</span>
        </li>
      ))}
    </ul>
  );
}

function Shadow({ report }: { report: ShadowReport }): JSX.Element {
  return (
    <div class="scroll">
      <p>
        {report.ratio === undefined
          ? "No logged query could be repeated."
          : `All together the logged queries are ${report.ratio.toFixed(2)} times as quick on the copy (${plural(report.rows, "row")}, built in ${duration(report.buildMs)}). Distribution is not measured: there are no slices here.`}
      </p>
      <table>
        <thead>
          <tr>
            <th>Query</th>
            <th class="number">Asked</th>
            <th class="number">Now</th>
            <th class="number">So sorted</th>
            <th class="number">Ratio</th>
          </tr>
        </thead>
        <tbody>
          {report.queries.map((query) => (
            <tr key={query.sql}>
              <td class="value" title={query.sql}>
                {query.sql}
              </td>
              <td class="number">{count(query.count)}</td>
              <td class="number">{query.beforeMs.toFixed(1)} ms</td>
              <td class="number">{query.afterMs.toFixed(1)} ms</td>
              <td class="number">{query.ratio.toFixed(2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Code({ title, text }: { title: string; text: string }): JSX.Element {
  return (
    <>
      <h3>{title}</h3>
      <pre>{text}</pre>
    </>
  );
}
