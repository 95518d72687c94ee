import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { DeadLetter, DeadLetterPage, PipelineStatus } from "../../../../src/api/control/contract.ts";
import { ApiError, get } from "../../api.ts";
import { count, plural } from "../../text.ts";

const LETTERS_SHOWN = 6;
const RAW_SHOWN_MAX = 20_000;

/** Dead letters by reason, and the newest of all. Asked for again only when their number has changed. */
export function DeadLetters({ status }: { status: PipelineStatus }): JSX.Element {
  const total = status.tables.reduce((sum, table) => sum + table.deadLetters, 0);
  const [page, setPage] = useState<DeadLetterPage>();
  const [failure, setFailure] = useState<string>();
  const [shown, setShown] = useState<DeadLetter>();

  useEffect(() => {
    if (total === 0) {
      setPage(undefined);
      return;
    }
    const leaving = new AbortController();
    const ask = async () => {
      try {
        setPage(await get<DeadLetterPage>(`dead-letters?order=newest&limit=${LETTERS_SHOWN}`, leaving.signal));
        setFailure(undefined);
      } catch (error) {
        if (!leaving.signal.aborted) setFailure(error instanceof ApiError ? error.message : String(error));
      }
    };
    void ask();
    return () => leaving.abort();
  }, [total]);

  return (
    <section class="panel" aria-labelledby="dead-title">
      <header>
        <h2 id="dead-title">Dead letters</h2>
        <span class={total === 0 ? "quiet" : "warn"}>{total === 0 ? "none" : count(total)}</span>
      </header>
      {failure !== undefined && <p class="notice bad">{failure}</p>}
      {total === 0 && <p class="quiet empty">Every record so far could be read and loaded.</p>}
      {page !== undefined && (
        <>
          <ul class="reasons">
            {page.groups.map((group) => (
              <li key={`${group.table}/${group.code}/${group.column}`}>
                <span>
                  <strong>{group.code}</strong>
                  <span class="quiet">
                    {" "}
                    in {group.table}
                    {group.column === null ? "" : `.${group.column}`}
                  </span>
                </span>
                <span class="number">{count(group.count)}</span>
              </li>
            ))}
          </ul>
          <ul class="letters">
            {page.letters.map((letter) => (
              <li key={letter.id}>
                <button type="button" onClick={() => setShown(letter)}>
                  {letter.message}
                  {letter.redriven && <span class="tag">redriven</span>}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {shown !== undefined && <Letter letter={shown} onClose={() => setShown(undefined)} />}
    </section>
  );
}

function Letter({ letter, onClose }: { letter: DeadLetter; onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const bytes = Uint8Array.from(atob(letter.rawBase64), (character) => character.charCodeAt(0));
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="letter-title">
      <h2 id="letter-title">{letter.code}</h2>
      <p>{letter.message}</p>
      <dl>
        <dt>Id</dt>
        <dd>{letter.id}</dd>
        <dt>Table</dt>
        <dd>{letter.column === null ? letter.table : `${letter.table}, column ${letter.column}`}</dd>
        <dt>Record</dt>
        <dd>
          {letter.stream} {letter.shardId} {letter.sequenceNumber}
        </dd>
        <dt>Arrived</dt>
        <dd>{new Date(letter.arrivedAtMs).toISOString()}</dd>
      </dl>
      <h3>The record, {plural(bytes.length, "byte")}</h3>
      <pre>{new TextDecoder().decode(bytes.subarray(0, RAW_SHOWN_MAX))}</pre>
      <form method="dialog">
        <button type="submit" class="button">
          Close
        </button>
      </form>
    </dialog>
  );
}
