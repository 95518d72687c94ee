import "./tables.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PipelineStatus } from "../../../../src/api/control/contract.ts";
import { bytes, count } from "../../text.ts";
import { Advice } from "./advice.tsx";
import { Columns } from "./columns.tsx";
import { ask, type TableFacts, tablesThere } from "./facts.ts";

/** Every table of the warehouse: how it is laid out, how large it is, what is in it, and what the advisor says. */
export function TablesPage({ status, table }: { status: PipelineStatus; table?: string }): JSX.Element {
  const [tables, setTables] = useState<readonly TableFacts[]>();
  const [failure, setFailure] = useState<string>();
  const [chosen, setChosen] = useState(table);
  const [refreshes, setRefreshes] = useState(0);
  useEffect(() => setChosen(table), [table]);
  useEffect(() => ask(tablesThere, setTables, setFailure), [refreshes]);

  const shown = tables?.find((one) => nameOf(one) === chosen) ?? tables?.[0];
  return (
    <div class="tables">
      {failure !== undefined && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
      <nav class="panel" aria-label="Tables">
        <header>
          <h2>Tables</h2>
          <button type="button" class="button" onClick={() => setRefreshes((before) => before + 1)}>
            Refresh
          </button>
        </header>
        {tables?.length === 0 && <p class="quiet empty">The warehouse has no tables yet.</p>}
        <ul>
          {(tables ?? []).map((one) => (
            <li key={nameOf(one)}>
              <button type="button" aria-pressed={one === shown} onClick={() => setChosen(nameOf(one))}>
                <span>
                  {one.schema === "public" ? "" : <span class="quiet">{one.schema}.</span>}
                  <strong>{one.name}</strong>
                </span>
                <span class="quiet number">
                  {count(one.rows)} rows · {bytes(one.sizeBytes)}
                </span>
              </button>
            </li>
          ))}
        </ul>
      </nav>
      {shown !== undefined && (
        <div class="one" key={nameOf(shown)}>
          <section class="panel" aria-label={`Table ${nameOf(shown)}`}>
            <header>
              <h2>{nameOf(shown)}</h2>
              <span class="quiet">{fromOf(shown, status)}</span>
            </header>
            <dl class="layout">
              <dt>Rows</dt>
              <dd>{count(shown.rows)}</dd>
              <dt>Size</dt>
              <dd>{bytes(shown.sizeBytes)}</dd>
              <dt>Distribution</dt>
              <dd>{shown.distStyle}</dd>
              <dt>Sort key</dt>
              <dd>{shown.sortKey === "" ? "none" : shown.sortKey}</dd>
            </dl>
            <Columns table={shown} />
          </section>
          <Advice table={shown.schema === "public" ? shown.name : nameOf(shown)} />
        </div>
      )}
    </div>
  );
}

function nameOf({ schema, name }: TableFacts): string {
  return `${schema}.${name}`;
}

function fromOf({ schema, name }: TableFacts, status: PipelineStatus): string {
  const own = schema === "public" ? status.tables.find((one) => one.name === name) : undefined;
  return own === undefined ? "made by SQL" : `fed from ${own.sources.join(", ")}`;
}
