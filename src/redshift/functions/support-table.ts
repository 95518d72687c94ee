/** The published table of functions: docs/redshift-functions.md. */
import type { SupportStatus } from "./entry.js";
import { listFunctions } from "./registry.js";

const WORDS: Readonly<Record<SupportStatus, string>> = { full: "yes", partly: "partly", no: "no" };

/** The document whole. A test holds the file to it. */
export function functionsDocument(): string {
  const functions = listFunctions();
  const families = [...new Set(functions.map(({ family }) => family))];
  const there = functions.filter(({ status }) => status !== "no").length;
  const sections = families.flatMap((family) => {
    const rows = functions.filter((one) => one.family === family);
    return [
      `## ${family[0]!.toUpperCase()}${family.slice(1)}`,
      "",
      "| function | supported | note |",
      "|---|---|---|",
      ...rows.map(({ name, status, note }) => `| \`${name}\` | ${WORDS[status]} | ${note ?? ""} |`),
      "",
    ];
  });
  return [
    "# Redshift's functions in Penstock",
    "",
    "<!-- Written by `npx vitest run test/redshift/functions/support-table.test.ts -u` from the list that the SQL doors go by. -->",
    "",
    `${there} functions of Redshift's can be called over the PostgreSQL wire and the Data API. What is not in this list cannot be called at all;`,
    "what is listed as `no` is refused by its name (SQLSTATE 0A000), anything else as a function that does not exist (42883). Functions of the",
    "engine underneath are not reachable.",
    "",
    "Expressions that are no functions: every operator of Redshift's, `CASE`, `CAST`, `::`, `TRY_CAST`, `EXTRACT`, `AT TIME ZONE`, `IN`, `BETWEEN`,",
    "`LIKE`, `ILIKE`, `SIMILAR TO`, `~`, `IS DISTINCT FROM`, row comparisons, subqueries, `ANY` and `ALL`, intervals, and navigation into SUPER values.",
    "",
    "Where an expression answers differently from Redshift:",
    "",
    "- Blanks at the end of a stored VARCHAR count when it is compared with another VARCHAR or a literal. (CHAR values have none, a literal loses its",
    "  own, and beside a CHAR they do not count, as in Redshift.)",
    "- Adding two decimals of up to 18 digits fails where the sum has more than 18; Redshift has a 19th.",
    "- Regular expressions are RE2's: POSIX classes and Perl's abbreviations, no back references, no look-around.",
    "- A division of decimals, and `AVG` of them, cuts what is behind the last digit; Redshift's documentation does not say whether it rounds.",
    "- A SUPER and a scalar of another kind are compared as NULL; two SUPER values are compared as numbers where both are, else by their JSON text.",
    "- `COLLATE(value, ...)` changes nothing: texts are compared byte for byte; a column cannot be `COLLATE CASE_INSENSITIVE`.",
    "",
    ...sections,
  ].join("\n");
}
