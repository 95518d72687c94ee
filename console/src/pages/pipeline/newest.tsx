import type { JSX } from "preact";
import type { PipelineStatus } from "../../../../src/api/control/contract.ts";
import { ago, bytes, count, duration } from "../../text.ts";

const ROWS_SHOWN = 8;

export function NewestObjects({ status }: { status: PipelineStatus }): JSX.Element {
  const objects = status.tables
    .flatMap((table) => table.objects.map((object) => ({ ...object, table: table.name })))
    .sort((a, b) => b.deliveredAtMs - a.deliveredAtMs)
    .slice(0, ROWS_SHOWN);
  return (
    <section class="panel" aria-labelledby="objects-title">
      <header>
        <h2 id="objects-title">Newest objects in the lake</h2>
      </header>
      {objects.length === 0 ? (
        <p class="quiet empty">None yet: the first buffer is filling.</p>
      ) : (
        <div class="scroll">
          <table class="objects">
            <thead>
              <tr>
                <th>Object</th>
                <th class="number">Rows</th>
                <th class="number">Size</th>
                <th class="number">Written</th>
              </tr>
            </thead>
            <tbody>
              {objects.map((object) => (
                <tr key={object.key}>
                  <td title={object.key}>
                    <div class="key">
                      {object.kind !== "rows" && <span class="tag">{object.kind}</span>}
                      <Key path={object.key} />
                    </div>
                  </td>
                  <td class="number">{count(object.rows)}</td>
                  <td class="number">{bytes(object.sizeBytes)}</td>
                  <td class="number">{ago(object.deliveredAtMs, status.atMs)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

export function NewestLoads({ status }: { status: PipelineStatus }): JSX.Element {
  const loads = status.tables
    .flatMap((table) => table.loads.map((load) => ({ ...load, table: table.name })))
    .sort((a, b) => b.loadedAtMs - a.loadedAtMs)
    .slice(0, ROWS_SHOWN);
  return (
    <section class="panel" aria-labelledby="loads-title">
      <header>
        <h2 id="loads-title">Newest loads</h2>
      </header>
      {loads.length === 0 ? (
        <p class="quiet empty">None yet.</p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th>Table</th>
                <th class="number">Rows</th>
                <th class="number">Deduped</th>
                <th class="number">Took</th>
                <th class="number">Loaded</th>
              </tr>
            </thead>
            <tbody>
              {loads.map((load) => (
                <tr key={`${load.table}/${load.key}`} title={load.key}>
                  <td>
                    {load.table}
                    {load.status === "quarantined" && (
                      <span class="tag bad">■ quarantined: {load.reason ?? "no reason given"}</span>
                    )}
                  </td>
                  <td class="number">{count(load.rows)}</td>
                  <td class="number">{count(load.dedupedRows)}</td>
                  <td class="number">{duration(load.tookMs)}</td>
                  <td class="number">{ago(load.loadedAtMs, status.atMs)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** A long key is cut in its middle: its prefix says which table and hour, its end which records. */
function Key({ path }: { path: string }): JSX.Element {
  const slash = path.lastIndexOf("/") + 1;
  return (
    <>
      <span class="prefix">{path.slice(0, slash)}</span>
      <span class="name">{path.slice(slash)}</span>
    </>
  );
}
