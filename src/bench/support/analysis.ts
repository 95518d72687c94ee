/** Ten questions to the flights, in SQL that Redshift, DuckDB and PostgreSQL understand alike. `flights` is the table's name. */
export const QUESTIONS: readonly { readonly name: string; readonly sql: (flights: string) => string }[] = [
  {
    name: "busiest airports",
    sql: (flights) =>
      `SELECT origin, count(*) AS n, avg(CAST(delay AS DOUBLE PRECISION)) AS late FROM ${flights} GROUP BY origin ORDER BY n DESC, origin LIMIT 20`,
  },
  {
    name: "flights by day",
    sql: (flights) =>
      `SELECT date_trunc('day', date) AS d, count(*) AS n, sum(distance) AS km FROM ${flights} GROUP BY 1 ORDER BY 1`,
  },
  {
    name: "routes",
    sql: (flights) =>
      `SELECT origin, destination, count(*) AS n, max(delay) AS worst FROM ${flights} GROUP BY 1, 2 ORDER BY n DESC, 1, 2 LIMIT 50`,
  },
  {
    name: "share of late ones",
    sql: (flights) =>
      `SELECT origin, CAST(sum(CASE WHEN delay > 15 THEN 1 ELSE 0 END) AS DOUBLE PRECISION) / count(*) AS late FROM ${flights} GROUP BY origin HAVING count(*) > 1000 ORDER BY late DESC, origin LIMIT 20`,
  },
  {
    name: "one airport in February",
    sql: (flights) =>
      `SELECT destination, count(*) AS n, avg(CAST(delay AS DOUBLE PRECISION)) AS late FROM ${flights} WHERE origin = 'ORD' AND date >= '2001-02-01' AND date < '2001-03-01' GROUP BY 1 ORDER BY 2 DESC, 1`,
  },
  {
    name: "by hour and weekday",
    sql: (flights) =>
      `SELECT extract(dow FROM date) AS w, extract(hour FROM date) AS h, count(*) AS n, avg(CAST(delay AS DOUBLE PRECISION)) AS late FROM ${flights} GROUP BY 1, 2 ORDER BY 1, 2`,
  },
  {
    name: "median delay",
    sql: (flights) =>
      `SELECT extract(hour FROM date) AS h, percentile_cont(0.5) WITHIN GROUP (ORDER BY delay) AS m FROM ${flights} GROUP BY 1 ORDER BY 1`,
  },
  {
    name: "distinct destinations",
    sql: (flights) =>
      `SELECT origin, count(DISTINCT destination) AS n FROM ${flights} WHERE delay > 0 GROUP BY origin ORDER BY 2 DESC, 1 LIMIT 30`,
  },
  {
    name: "three best routes each",
    sql: (flights) =>
      `SELECT origin, destination, n, r FROM (SELECT origin, destination, n, row_number() OVER (PARTITION BY origin ORDER BY n DESC, destination) AS r FROM (SELECT origin, destination, count(*) AS n FROM ${flights} GROUP BY 1, 2) AS a) AS b WHERE r <= 3 ORDER BY 1, 4`,
  },
  {
    name: "later than their airport",
    sql: (flights) =>
      `SELECT a.origin, count(*) AS n FROM ${flights} AS a JOIN (SELECT origin, avg(CAST(delay AS DOUBLE PRECISION)) AS m FROM ${flights} GROUP BY 1) AS b ON a.origin = b.origin AND a.delay > b.m GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20`,
  },
];

/** Rows in a form that does not depend on who wrote them: numbers to nine digits, moments without their notation. */
export function sameRows(rows: readonly (readonly (string | null)[])[]): string {
  return rows
    .map((row) =>
      row
        .map((value) => {
          if (value === null || value === "null") return "NULL";
          if (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value)) return Number(Number(value).toPrecision(9)).toString();
          const moment = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)/.exec(value);
          return moment === null ? value : `${moment[1]} ${moment[2]}`;
        })
        .join("|"),
    )
    .join("\n");
}
