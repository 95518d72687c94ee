import "./sql.css";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { QueryResult } from "../../../../src/warehouse/warehouse.ts";
import { ApiError, post } from "../../api.ts";
import { clockTime, count, duration, plural } from "../../text.ts";
import { type Chosen, Editor, type EditorHandle } from "./editor.tsx";
import { csvOf, download, jsonOf } from "./export.ts";
import { Grid, textOf } from "./grid.tsx";
import { type Asked, keepDraft, readDraft, readHistory, remember } from "./history.ts";
import { type Names, readNames } from "./names.ts";
import { Picture } from "./picture.tsx";

const ROWS_MAX = 100_000;
const TIMEOUT_MS = 600_000;

interface Answer {
  readonly sql: string;
  readonly result: QueryResult;
}

interface Failure {
  readonly message: string;
  readonly hint: string | undefined;
}

type View = "rows" | "picture" | "history";

/** A place to ask: editor, answer, picture, history. */
export default function SqlPage(): JSX.Element {
  const [text, setText] = useState(() => readDraft() ?? "");
  const [names, setNames] = useState<Names>();
  const [answer, setAnswer] = useState<Answer>();
  const [failure, setFailure] = useState<Failure>();
  const [view, setView] = useState<View>("rows");
  const [asked, setAsked] = useState<readonly Asked[]>(readHistory);
  const [running, setRunning] = useState<AbortController>();
  const editor = useRef<EditorHandle | undefined>(undefined);

  useEffect(() => {
    const leaving = new AbortController();
    // Without names there is no completion, and all else as ever.
    readNames(leaving.signal).then(setNames, () => {});
    return () => leaving.abort();
  }, []);
  useEffect(() => () => running?.abort(), [running]);

  const run = async (statements: readonly Chosen[], prefix = "") => {
    if (running !== undefined || statements.length === 0) return;
    const stopping = new AbortController();
    setRunning(stopping);
    setFailure(undefined);
    editor.current?.mark(undefined);
    for (const { sql, at } of statements) {
      const atMs = Date.now();
      try {
        const result = await post<QueryResult>(
          "query",
          { sql: `${prefix}${sql}`, rowsMax: ROWS_MAX, timeoutMs: TIMEOUT_MS },
          stopping.signal,
        );
        setAnswer({ sql, result });
        setView((before) => (before === "history" || isPlan(result) ? "rows" : before));
        setAsked(remember({ sql: `${prefix}${sql}`, atMs, outcome: summary(result) }));
        if (!/^\s*(select|with|show|explain)\b/i.test(sql)) readNames(stopping.signal).then(setNames, () => {});
      } catch (error) {
        const stopped = stopping.signal.aborted;
        const message = stopped ? "Stopped." : error instanceof Error ? error.message : String(error);
        setFailure({ message, hint: error instanceof ApiError ? error.hint : undefined });
        setAsked(remember({ sql: `${prefix}${sql}`, atMs, outcome: message }));
        if (error instanceof ApiError && error.at !== undefined) {
          editor.current?.mark(at + Math.max(0, error.at - prefix.length));
        }
        break;
      }
    }
    setRunning(undefined);
  };
  const runChosen = (prefix = "") => {
    const chosen = editor.current?.chosen();
    if (chosen !== undefined) void run([chosen], prefix);
  };

  return (
    <div class="sql">
      <section class="panel" aria-label="Statement">
        <Editor
          text={text}
          names={names}
          onText={(changed) => {
            setText(changed);
            keepDraft(changed);
          }}
          onRun={() => runChosen()}
          onReady={(handle) => {
            editor.current = handle;
          }}
        />
        <p class="actions">
          <button type="button" class="button primary" disabled={running !== undefined} onClick={() => runChosen()}>
            Run
          </button>
          <button
            type="button"
            class="button"
            disabled={running !== undefined}
            onClick={() => void run(editor.current?.statements() ?? [])}
          >
            Run all
          </button>
          <button type="button" class="button" disabled={running !== undefined} onClick={() => runChosen("explain ")}>
            Explain
          </button>
          <button
            type="button"
            class="button"
            disabled={running !== undefined}
            title="Runs the statement, and says what each step read and what was passed by"
            onClick={() => runChosen("explain analyze ")}
          >
            Explain analyze
          </button>
          {running !== undefined && (
            <button type="button" class="button" onClick={() => running.abort()}>
              Stop
            </button>
          )}
          <span class="quiet">Ctrl-Enter runs the statement that the cursor is in, or what is marked.</span>
        </p>
        {failure !== undefined && (
          <p class="notice bad" role="alert">
            {failure.message} {failure.hint}
          </p>
        )}
      </section>
      <section class="panel answer" aria-label="Answer" aria-busy={running !== undefined}>
        <header>
          <div class="views" role="tablist">
            {(["rows", "picture", "history"] as const).map((one) => (
              <button key={one} type="button" role="tab" aria-selected={view === one} onClick={() => setView(one)}>
                {{ rows: "Rows", picture: "Picture", history: "History" }[one]}
              </button>
            ))}
          </div>
          {answer !== undefined && view !== "history" && (
            <span class="quiet" role="status">
              {running !== undefined
                ? "running…"
                : `${failure === undefined ? "" : "from before the failure: "}${summary(answer.result)}`}
            </span>
          )}
          {answer !== undefined && view === "rows" && answer.result.columns.length > 0 && (
            <Save result={answer.result} />
          )}
        </header>
        {view === "history" ? (
          <History asked={asked} onChosen={(sql) => editor.current?.replace(sql)} />
        ) : answer === undefined ? (
          <p class="quiet empty">No answer yet.</p>
        ) : answer.result.columns.length === 0 ? (
          <p class="empty">
            ✓ Done{answer.result.changed === undefined ? "" : `: ${plural(answer.result.changed, "row")}`}.
          </p>
        ) : view === "picture" ? (
          <Picture sql={answer.sql} result={answer.result} />
        ) : isPlan(answer.result) ? (
          <pre class="plan">{answer.result.rows.map(([line]) => textOf(line)).join("\n")}</pre>
        ) : (
          <Grid key={answer.sql} result={answer.result} />
        )}
      </section>
    </div>
  );
}

function isPlan({ columns }: QueryResult): boolean {
  return columns.length === 1 && columns[0]?.name.toLowerCase() === "query plan";
}

function summary({ rows, columns, changed, truncated, tookMs }: QueryResult): string {
  const what =
    columns.length === 0
      ? changed === undefined
        ? "done"
        : plural(changed, "row")
      : `${truncated ? `the first ${count(rows.length)} rows` : plural(rows.length, "row")}`;
  return `${what} in ${duration(tookMs)}`;
}

function Save({ result }: { result: QueryResult }): JSX.Element {
  return (
    <span class="save">
      <button type="button" class="button" onClick={() => void navigator.clipboard?.writeText(csvOf(result))}>
        Copy
      </button>
      <button type="button" class="button" onClick={() => download("result.csv", "text/csv", csvOf(result))}>
        CSV
      </button>
      <button type="button" class="button" onClick={() => download("result.json", "application/json", jsonOf(result))}>
        JSON
      </button>
    </span>
  );
}

function History({ asked, onChosen }: { asked: readonly Asked[]; onChosen: (sql: string) => void }): JSX.Element {
  if (asked.length === 0) return <p class="quiet empty">Nothing was asked from this browser yet.</p>;
  return (
    <ul class="history">
      {asked.map((one) => (
        <li key={`${one.atMs}/${one.sql}`}>
          <button type="button" onClick={() => onChosen(one.sql)}>
            <span class="quiet">{clockTime(one.atMs)}</span> <code>{one.sql}</code>
            <span class="quiet"> {one.outcome}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
