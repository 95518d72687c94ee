import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { count } from "../../text.ts";
import { ask, type ColumnFacts, columnsOf, type Statistics, statisticsOf, type TableFacts } from "./facts.ts";

/** A table's columns, and on request what is in them. */
export function Columns({ table }: { table: TableFacts }): JSX.Element {
  const [columns, setColumns] = useState<readonly ColumnFacts[]>([]);
  const [statistics, setStatistics] = useState<Statistics>();
  const [failure, setFailure] = useState<string>();
  const [counting, setCounting] = useState(false);

  useEffect(() => ask((signal) => columnsOf(table, signal), setColumns, setFailure), [table.schema, table.name]);
  useEffect(() => {
    if (!counting) return;
    return ask(
      (signal) => statisticsOf(table, columns, signal),
      (found) => {
        setStatistics(found);
        setCounting(false);
      },
      (message) => {
        setFailure(message);
        if (message !== undefined) setCounting(false);
      },
    );
  }, [counting]);

  const known = new Map(statistics?.columns.map((column) => [column.name, column]));
  return (
    <>
      {failure !== undefined && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
      <div class="scroll">
        <table class="columns">
          <thead>
            <tr>
              <th>Column</th>
              <th>Type</th>
              <th>Encoding</th>
              <th>Keys</th>
              {statistics !== undefined && (
                <>
                  <th class="number">NULL</th>
                  <th class="number">Distinct, about</th>
                  <th>Smallest</th>
                  <th>Largest</th>
                </>
              )}
            </tr>
          </thead>
          <tbody>
            {columns.map((column) => {
              const found = known.get(column.name);
              return (
                <tr key={column.name}>
                  <td class="column-name">{column.name}</td>
                  <td>
                    {column.type}
                    {column.nullable ? "" : <span class="quiet"> not null</span>}
                  </td>
                  <td>{column.encoding}</td>
                  <td>
                    {column.isDistKey && <span class="tag">dist</span>}
                    {column.sortPosition !== 0 && <span class="tag">sort {Math.abs(column.sortPosition)}</span>}
                  </td>
                  {statistics !== undefined && (
                    <>
                      <td class="number">{found === undefined ? "" : count(found.nulls)}</td>
                      <td class="number">{found?.distinct === undefined ? "" : count(found.distinct)}</td>
                      <td class="value" title={found?.smallest}>
                        {found?.smallest}
                      </td>
                      <td class="value" title={found?.largest}>
                        {found?.largest}
                      </td>
                    </>
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p class="actions">
        <button
          type="button"
          class="button"
          disabled={counting || columns.length === 0}
          onClick={() => setCounting(true)}
        >
          {counting ? "Counting…" : "Statistics"}
        </button>
        {statistics !== undefined && <span class="quiet">of {count(statistics.rows)} rows</span>}
      </p>
    </>
  );
}
