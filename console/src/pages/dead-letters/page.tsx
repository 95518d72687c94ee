import "./dead-letters.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { DeadLetter, DeadLetterPage, ModelAnswer, PipelineStatus } from "../../../../src/api/control/contract.ts";
import { ApiError, get } from "../../api.ts";
import { clockTime, count } from "../../text.ts";
import { Letter } from "./letter.tsx";
import { Many } from "./many.tsx";

const LETTERS_A_PAGE = 100;

type Group = DeadLetterPage["groups"][number];

/** Dead letters by reason; one of them, to mend and to redrive; or all of a reason. */
export function DeadLettersPage({
  status,
  model,
}: {
  status: PipelineStatus;
  model: ModelAnswer | undefined;
}): JSX.Element {
  const total = status.tables.reduce((sum, table) => sum + table.deadLetters, 0);
  const [group, setGroup] = useState<Group>();
  const [groups, setGroups] = useState<readonly Group[]>();
  const [letters, setLetters] = useState<readonly DeadLetter[]>([]);
  const [next, setNext] = useState<string>();
  const [failure, setFailure] = useState<string>();
  const [shown, setShown] = useState<DeadLetter>();
  const [redrives, setRedrives] = useState(0);

  useEffect(() => {
    const leaving = new AbortController();
    const ask = async () => {
      try {
        // All groups, whichever of them is looked at.
        const all = await get<DeadLetterPage>("dead-letters?limit=1", leaving.signal);
        const page = await get<DeadLetterPage>(pathOf(group), leaving.signal);
        setGroups(all.groups);
        setLetters(page.letters);
        setNext(page.next);
        setFailure(undefined);
      } catch (error) {
        if (!leaving.signal.aborted) setFailure(error instanceof ApiError ? error.message : String(error));
      }
    };
    void ask();
    return () => leaving.abort();
  }, [total, redrives, group?.table, group?.code]);

  const more = async () => {
    try {
      const page = await get<DeadLetterPage>(pathOf(group, next));
      setLetters([...letters, ...page.letters]);
      setNext(page.next);
    } catch (error) {
      setFailure(error instanceof ApiError ? error.message : String(error));
    }
  };
  const onRedriven = () => setRedrives((before) => before + 1);

  if (groups !== undefined && groups.length === 0 && shown === undefined) {
    return <p class="panel empty">✓ No dead letters: every record so far could be read and loaded, or was redriven.</p>;
  }
  return (
    <div class="dead-letters">
      {failure !== undefined && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
      <nav class="panel" aria-label="Reasons">
        <h2>By reason</h2>
        <ul>
          <li>
            <button type="button" aria-pressed={group === undefined} onClick={() => setGroup(undefined)}>
              <span>All</span>
              <span class="number">{count((groups ?? []).reduce((sum, one) => sum + one.count, 0))}</span>
            </button>
          </li>
          {(groups ?? []).map((one) => (
            <li key={`${one.table}/${one.code}/${one.column}`}>
              <button type="button" aria-pressed={isSame(one, group)} onClick={() => setGroup(one)}>
                <span>
                  <strong>{one.code}</strong>{" "}
                  <span class="quiet">
                    {one.table}
                    {one.column === null ? "" : `.${one.column}`}
                  </span>
                </span>
                <span class="number">{count(one.count)}</span>
              </button>
            </li>
          ))}
        </ul>
      </nav>
      <div class="list">
        {group !== undefined && (
          <Many
            key={`${group.table}/${group.code}`}
            reason={reasonOf(group, groups ?? [])}
            letters={letters}
            onRedriven={onRedriven}
          />
        )}
        <section class="panel" aria-label="Letters">
          <ul>
            {letters.map((letter) => (
              <li key={letter.id}>
                <button type="button" aria-pressed={letter.id === shown?.id} onClick={() => setShown(letter)}>
                  <span class="quiet">{clockTime(letter.arrivedAtMs)}</span> {letter.message}
                </button>
              </li>
            ))}
          </ul>
          {next !== undefined && (
            <button type="button" class="button" onClick={() => void more()}>
              Show more
            </button>
          )}
        </section>
      </div>
      {shown !== undefined ? (
        <Letter letter={shown} model={model} onRedriven={onRedriven} />
      ) : (
        <p class="panel quiet empty">Choose a letter to see its record, mend it and redrive it.</p>
      )}
    </div>
  );
}

function isSame(one: Group, other: Group | undefined): boolean {
  return one.table === other?.table && one.code === other.code && one.column === other.column;
}

function pathOf(group: Group | undefined, after?: string): string {
  const asked = new URLSearchParams({ order: "newest", limit: String(LETTERS_A_PAGE) });
  if (group !== undefined) {
    asked.set("table", group.table);
    asked.set("code", group.code);
  }
  if (after !== undefined) asked.set("after", after);
  return `dead-letters?${asked}`;
}

/** Letters are chosen by table and code, whatever their column. */
function reasonOf({ table, code }: Group, groups: readonly Group[]) {
  const same = groups.filter((one) => one.table === table && one.code === code);
  return { table, code, count: same.reduce((sum, one) => sum + one.count, 0) };
}
