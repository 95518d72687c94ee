import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { DeadLetter, ModelAnswer, RedriveBody } from "../../../../src/api/control/contract.ts";
import { plural } from "../../text.ts";
import { Outcome } from "./outcome.tsx";
import { base64Of, bytesOf, fieldsOf, hexOf, textOf } from "./raw.ts";
import { useRedrive } from "./use-redrive.ts";

const HEX_BYTES_MAX = 4096;
/** A larger record is shown in part, and is not for a text field. */
const EDIT_CHARS_MAX = 200_000;

export interface LetterProps {
  readonly letter: DeadLetter;
  readonly model: ModelAnswer | undefined;
  readonly onRedriven: () => void;
}

/** One dead letter: what is wrong with it, where; its record, to mend; and what would come of that. */
export function Letter({ letter, model, onRedriven }: LetterProps): JSX.Element {
  const bytes = bytesOf(letter.rawBase64);
  const original = textOf(bytes);
  const editable = original !== undefined && original.length <= EDIT_CHARS_MAX;
  const [text, setText] = useState(original ?? "");
  const redrive = useRedrive(onRedriven);
  useEffect(() => {
    setText(original ?? "");
    redrive.clear();
  }, [letter.id]);

  const body: RedriveBody = {
    ids: [letter.id],
    ...(editable && text !== original ? { edits: { [letter.id]: base64Of(text) } } : {}),
  };
  const field = faultyField(letter, model);
  const fields = original === undefined ? undefined : fieldsOf(original, field);
  return (
    <article class="panel letter" aria-labelledby="letter-title">
      <header>
        <h2 id="letter-title">{letter.code}</h2>
        <a href={`#/trace?sequence=${letter.sequenceNumber}&stream=${encodeURIComponent(letter.stream)}`}>Trace it</a>
      </header>
      <p class="why">{letter.message}</p>
      <dl class="facts">
        <dt>Table</dt>
        <dd>{letter.column === null ? letter.table : `${letter.table}, column ${letter.column}`}</dd>
        <dt>Record</dt>
        <dd class="key">
          {letter.stream} {letter.shardId} {letter.sequenceNumber}, row {letter.rowIndex}
        </dd>
        <dt>Arrived</dt>
        <dd>{new Date(letter.arrivedAtMs).toISOString()}</dd>
      </dl>
      {fields !== undefined && (
        <ul class="fields" aria-label="Fields of the record">
          {fields.map((one) => (
            <li key={one.name} class={one.atFault ? "at-fault" : ""}>
              <code>{one.name}</code> <code>{one.value}</code>
              {one.atFault && <strong class="bad"> ◀ at fault</strong>}
            </li>
          ))}
        </ul>
      )}
      <h3>The record, {plural(bytes.length, "byte")}</h3>
      {editable ? (
        <textarea
          aria-label="The record"
          spellcheck={false}
          rows={Math.min(16, Math.max(3, text.split("\n").length + 1))}
          value={text}
          disabled={letter.redriven}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      ) : (
        <pre>{original?.slice(0, EDIT_CHARS_MAX) ?? hexOf(bytes, HEX_BYTES_MAX)}</pre>
      )}
      {!editable && (
        <p class="quiet">This record is not edited here: `penstock errors redrive ID --with FILE` takes other bytes.</p>
      )}
      {letter.redriven ? (
        <p class="ok">✓ It was redriven: what became of it is in its trace.</p>
      ) : (
        <p class="actions">
          <button
            type="button"
            class="button"
            disabled={redrive.working}
            onClick={() => void redrive.run({ ...body, dryRun: true })}
          >
            Preview
          </button>
          <button
            type="button"
            class="button primary"
            disabled={redrive.working}
            onClick={() => void redrive.run(body)}
          >
            {text === original ? "Redrive" : "Redrive as edited"}
          </button>
          {editable && text !== original && (
            <button type="button" class="button" onClick={() => setText(original)}>
              Undo the edit
            </button>
          )}
        </p>
      )}
      {redrive.failure !== undefined && (
        <p class="notice bad" role="alert">
          {redrive.failure}
        </p>
      )}
      {redrive.report !== undefined && <Outcome report={redrive.report} />}
    </article>
  );
}

/** The record's own name for the column, where they differ. */
function faultyField({ table, column }: DeadLetter, model: ModelAnswer | undefined): string | undefined {
  if (column === null) return undefined;
  const found = model?.tables.find(({ name }) => name === table)?.columns.find(({ name }) => name === column);
  return found?.path[0] ?? column;
}
