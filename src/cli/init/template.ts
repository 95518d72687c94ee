/**
 * The files of a new pipeline, by name. They are shown to people as the first thing of Penstock, so each says what it is. `dependency` is
 * where npm takes Penstock from.
 */
export function templateFiles(name: string, dependency: string): Readonly<Record<string, string>> {
  return {
    "penstock.ts": DEFINITION.replaceAll("{name}", name),
    "sample.ndjson": sample(),
    "package.json": `${JSON.stringify(
      {
        name,
        private: true,
        type: "module",
        scripts: { start: "penstock up", validate: "penstock validate" },
        dependencies: { penstock: dependency },
      },
      null,
      2,
    )}\n`,
    "tsconfig.json": `${JSON.stringify(
      {
        compilerOptions: {
          target: "ES2023",
          // `await using` of a producer wants the one, `console` and `fetch` the other, whether @types/node is there or not.
          lib: ["ES2023", "ESNext.Disposable", "DOM"],
          module: "NodeNext",
          // A producer imports "./penstock.ts", as Node runs it.
          allowImportingTsExtensions: true,
          strict: true,
          noEmit: true,
          skipLibCheck: true,
        },
        include: ["*.ts"],
      },
      null,
      2,
    )}\n`,
    ".gitignore": "node_modules/\n.penstock/\n",
    "README.md": README.replaceAll("{name}", name),
  };
}

const DEFINITION = `import { decimal, json, pipeline, stream, table, timestamptz, varchar } from "penstock";

/** One table of the warehouse, and the stream that its records come in by. */
export const events = table("events", {
  from: stream("events", { shards: 1 }),
  format: json(),
  columns: {
    id: varchar(36).notNull(),
    kind: varchar(32).notNull(),
    amount: decimal(12, 2),
    happened_at: timestamptz().notNull(),
  },
  sortKey: ["happened_at"],
  // How long records wait for others to share a file of the lake with. On AWS, longer costs less.
  deliver: { bufferSeconds: 10 },
});

export default pipeline("{name}", { tables: [events] });
`;

function sample(): string {
  const kinds = ["visit", "visit", "visit", "cart", "purchase"];
  const startMs = Date.UTC(2026, 0, 5, 9, 0, 0);
  const lines = Array.from({ length: 100 }, (_, index) => {
    const kind = kinds[index % kinds.length]!;
    const amount = kind === "purchase" ? ((index * 37) % 9000) / 100 + 5 : undefined;
    const happened_at = new Date(startMs + index * 7000).toISOString();
    return JSON.stringify({ id: `event-${String(index + 1).padStart(4, "0")}`, kind, amount, happened_at });
  });
  return `${lines.join("\n")}\n`;
}

const README = `# {name}

A pipeline of Penstock: records put into the stream \`events\` become rows of the table \`events\`.

    npm install
    npm start                                      # or: npx penstock up

and in another terminal

    npx penstock put events sample.ndjson
    npx penstock flush
    npx penstock query "select kind, count(*), sum(amount) from events group by 1"
    npx penstock audit

The page at http://127.0.0.1:4580 shows the records on their way. Any AWS SDK can put them, too: its endpoint is http://127.0.0.1:4566.

- \`penstock.ts\` is the definition: the stream, the table and its columns. After a change, \`npx penstock validate\`, then start again.
- \`sample.ndjson\` holds a hundred records, one a line.
- \`.penstock/\` is where the records live; delete it to begin anew.
`;
