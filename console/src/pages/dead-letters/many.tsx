import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { DeadLetter, RedriveBody } from "../../../../src/api/control/contract.ts";
import { plural } from "../../text.ts";
import { Outcome } from "./outcome.tsx";
import { type Edited, replaceInAll } from "./replacement.ts";
import { useRedrive } from "./use-redrive.ts";

export interface Reason {
  readonly table: string;
  readonly code: string;
  readonly count: number;
}

/** All letters of one reason at once: as they are, or with one change to the texts of those that are shown. */
export function Many(props: {
  readonly reason: Reason;
  readonly letters: readonly DeadLetter[];
  readonly onRedriven: () => void;
}): JSX.Element {
  const { reason, letters, onRedriven } = props;
  const [find, setFind] = useState("");
  const [put, setPut] = useState("");
  const [regular, setRegular] = useState(false);
  const redrive = useRedrive(onRedriven);
  const edited = editedOf(letters, { find, with: put, regular });
  const body: RedriveBody =
    find === "" || "wrong" in edited
      ? { table: reason.table, code: reason.code }
      : { ids: Object.keys(edited.edits), edits: edited.edits };
  const nothing = find !== "" && ("wrong" in edited || edited.count === 0);
  const previewed = redrive.previewed(body);
  return (
    <section class="panel many" aria-label="All of this reason">
      <header>
        <h2>
          All {plural(reason.count, "letter")} of {reason.code} in {reason.table}
        </h2>
      </header>
      <fieldset>
        <legend class="quiet">Change the records first (those shown below)</legend>
        <label>
          Find
          <input value={find} onInput={(event) => setFind(event.currentTarget.value)} spellcheck={false} />
        </label>
        <label>
          Put
          <input value={put} onInput={(event) => setPut(event.currentTarget.value)} spellcheck={false} />
        </label>
        <label class="check">
          <input type="checkbox" checked={regular} onChange={(event) => setRegular(event.currentTarget.checked)} />
          regular expression
        </label>
      </fieldset>
      {find !== "" && <Changed edited={edited} />}
      <p class="actions">
        <button
          type="button"
          class="button"
          disabled={redrive.working || nothing}
          onClick={() => void redrive.run({ ...body, dryRun: true })}
        >
          Preview
        </button>
        <button
          type="button"
          class="button primary"
          disabled={redrive.working || nothing || !previewed}
          title={previewed ? "" : "Look at a preview first"}
          onClick={() => void redrive.run(body)}
        >
          {body.ids === undefined ? "Redrive all" : `Redrive the ${body.ids.length} changed`}
        </button>
      </p>
      {redrive.failure !== undefined && (
        <p class="notice bad" role="alert">
          {redrive.failure}
        </p>
      )}
      {redrive.report !== undefined && <Outcome report={redrive.report} />}
    </section>
  );
}

function Changed({ edited }: { edited: Edited | { readonly wrong: string } }): JSX.Element {
  if ("wrong" in edited) return <p class="notice bad">{edited.wrong}</p>;
  if (edited.first === undefined) return <p class="quiet">It changes none of the records shown.</p>;
  return (
    <div class="changed">
      <p class="quiet">It changes {plural(edited.count, "record")}; the first from</p>
      <pre>{edited.first.before.slice(0, 500)}</pre>
      <p class="quiet">to</p>
      <pre>{edited.first.after.slice(0, 500)}</pre>
    </div>
  );
}

function editedOf(
  letters: readonly DeadLetter[],
  replacement: { readonly find: string; readonly with: string; readonly regular: boolean },
): Edited | { readonly wrong: string } {
  try {
    return replacement.find === "" ? { edits: {}, count: 0, first: undefined } : replaceInAll(letters, replacement);
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}
