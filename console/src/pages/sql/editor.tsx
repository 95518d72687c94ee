/** The editor: CodeMirror with Redshift's words, tables, columns and functions. It comes in a file of its own, asked for when the page is. */
import {
  autocompletion,
  type CompletionSource,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  ifNotIn,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { PostgreSQL, type SQLNamespace, sql } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Names } from "./names.ts";

/** What is to be run: a statement, and where it stands in the editor. */
export interface Chosen {
  readonly sql: string;
  readonly at: number;
}

export interface EditorHandle {
  /** What is marked, or the statement that the cursor is in. */
  chosen(): Chosen | undefined;
  /** All of them, in order. */
  statements(): readonly Chosen[];
  /** Marks where an error is, or nothing. */
  mark(at: number | undefined): void;
  replace(text: string): void;
}

export interface EditorProps {
  readonly text: string;
  readonly names: Names | undefined;
  readonly onText: (text: string) => void;
  readonly onRun: () => void;
  readonly onReady: (handle: EditorHandle) => void;
}

const SYSTEM_SCHEMAS = /^(pg_|information_schema$)/;
const setMark = StateEffect.define<number | undefined>();
const wrongPlace = Decoration.mark({ class: "cm-wrong", attributes: { title: "The error is here" } });
const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (before, transaction) => {
    for (const effect of transaction.effects) {
      if (!effect.is(setMark)) continue;
      const { doc } = transaction.state;
      const at = effect.value;
      if (at === undefined || doc.length === 0) return Decoration.none;
      const from = Math.min(at, doc.length - 1);
      const word = /^[\w$."]+/.exec(doc.sliceString(from, Math.min(from + 200, doc.length)))?.[0].length ?? 1;
      return Decoration.set([wrongPlace.range(from, Math.min(from + word, doc.length))]);
    }
    return transaction.docChanged ? Decoration.none : before;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--line-0)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--line-2)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--line-1)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.typeName, tags.standard(tags.name)], color: "var(--line-3)" },
]);

const theme = EditorView.theme({
  "&": {
    minHeight: "8em",
    maxHeight: "40vh",
    border: "1px solid var(--line)",
    borderRadius: "8px",
    background: "var(--ground)",
    color: "var(--text)",
    fontSize: "13px",
  },
  "&.cm-focused": { outline: "2px solid var(--water)" },
  ".cm-scroller": {
    overflow: "auto",
    fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace',
    lineHeight: "1.5",
  },
  ".cm-gutters": { border: "0", background: "transparent", color: "var(--quiet)" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--water-soft)",
  },
  ".cm-tooltip": { border: "1px solid var(--line)", background: "var(--card)", color: "var(--text)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--water)", color: "var(--card)" },
  ".cm-wrong": { textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
});

export function Editor(props: EditorProps): JSX.Element {
  const holder = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  const language = useRef(new Compartment());
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    // In a root of its own the editor's styles are sheets that it adopts; in the page they would be elements, which the policy refuses.
    const root = holder.current!.shadowRoot ?? holder.current!.attachShadow({ mode: "open" });
    const made = new EditorView({
      parent: root,
      root,
      state: EditorState.create({
        doc: props.text,
        extensions: [
          lineNumbers(),
          history(),
          drawSelection(),
          bracketMatching(),
          closeBrackets(),
          autocompletion(),
          marks,
          language.current.of(languageOf(props.names)),
          syntaxHighlighting(colours),
          theme,
          placeholder("select …   (Ctrl-Enter runs the statement that the cursor is in)"),
          keymap.of([
            {
              key: "Mod-Enter",
              run: () => {
                latest.current.onRun();
                return true;
              },
            },
            ...closeBracketsKeymap,
            ...defaultKeymap,
            ...historyKeymap,
            ...completionKeymap,
            indentWithTab,
          ]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": "SQL", spellcheck: "false" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onText(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    props.onReady(handleOf(made));
    made.focus();
    return () => made.destroy();
  }, []);
  useEffect(() => {
    view.current?.dispatch({ effects: language.current.reconfigure(languageOf(props.names)) });
  }, [props.names]);
  return <div ref={holder} class="editor" />;
}

function languageOf(names: Names | undefined) {
  return [
    sql({
      dialect: PostgreSQL,
      ...(names === undefined ? {} : { schema: names.tables as SQLNamespace, defaultSchema: "public" }),
    }),
    PostgreSQL.language.data.of({ autocomplete: columnCompletion(names?.tables ?? {}) }),
    PostgreSQL.language.data.of({
      autocomplete: (names?.functions ?? []).map((name) => ({ label: name, type: "function", apply: `${name}(` })),
    }),
  ];
}

/** Columns by their bare names, also before FROM says of which table; behind a dot the schema's own completion knows better. */
function columnCompletion(tables: Names["tables"]): CompletionSource {
  const owners = new Map<string, string[]>();
  for (const [schema, inSchema] of Object.entries(tables)) {
    if (SYSTEM_SCHEMAS.test(schema)) continue;
    for (const [table, columns] of Object.entries(inSchema)) {
      for (const column of columns) owners.set(column, [...(owners.get(column) ?? []), table]);
    }
  }
  const options = [...owners].map(([label, of]) => ({ label, type: "property", detail: of.slice(0, 3).join(", ") }));
  return ifNotIn(["String", "LineComment", "BlockComment", "."], (context) => {
    const word = context.matchBefore(/\.?[\w$]*/);
    if (word === null || word.text.startsWith(".") || (word.text === "" && !context.explicit)) return null;
    return { from: word.from, options, validFor: /^[\w$]*$/ };
  });
}

function handleOf(view: EditorView): EditorHandle {
  const statements = (): readonly Chosen[] => {
    const found: Chosen[] = [];
    const { doc } = view.state;
    for (let node = syntaxTree(view.state).topNode.firstChild; node !== null; node = node.nextSibling) {
      if (node.name !== "Statement") continue;
      const sql = doc.sliceString(node.from, node.to).replace(/;\s*$/, "");
      if (sql.trim() !== "") found.push({ sql, at: node.from });
    }
    return found;
  };
  return {
    statements,
    chosen: () => {
      const { from, to, head } = view.state.selection.main;
      if (from !== to) return { sql: view.state.doc.sliceString(from, to), at: from };
      const all = statements();
      // Behind its semicolon the cursor is with the statement still.
      return all.find(({ sql, at }) => head <= at + sql.length + 1) ?? all.at(-1);
    },
    mark: (at) => view.dispatch({ effects: setMark.of(at) }),
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
  };
}
