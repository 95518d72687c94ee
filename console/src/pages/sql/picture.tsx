import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Pin, PinsBody } from "../../../../src/api/control/contract.ts";
import type { QueryResult } from "../../../../src/warehouse/warehouse.ts";
import { ApiError, get, put } from "../../api.ts";
import { Plot } from "../../parts/plot.tsx";
import { type PlotKind, type PlotSpec, plotData } from "../../parts/result-plot.ts";

/** A result as a picture: which columns, and as what; it can be pinned to the dashboard. */
export function Picture({ sql, result }: { sql: string; result: QueryResult }): JSX.Element {
  const names = result.columns.map(({ name }) => name);
  const numbers = names.filter((_, index) => result.rows.some((row) => isNumber(row[index])));
  const [kind, setKind] = useState<PlotKind>("line");
  const [x, setX] = useState(names[0] ?? "");
  const [y, setY] = useState(numbers.find((name) => name !== names[0]) ?? names[1] ?? "");
  const [title, setTitle] = useState("");
  const [said, setSaid] = useState<{ readonly good: boolean; readonly text: string }>();
  const spec: PlotSpec = {
    kind,
    x: names.includes(x) ? x : (names[0] ?? ""),
    y: [names.includes(y) ? y : (names.at(-1) ?? "")],
  };
  const data = useMemo(() => (spec.x === "" ? undefined : plotData(result, spec)), [result, kind, spec.x, spec.y[0]]);

  const pin = async () => {
    try {
      const { pins } = await get<PinsBody>("pins");
      const added: Pin = { id: crypto.randomUUID(), title: title.trim(), sql, ...spec };
      await put<PinsBody>("pins", { pins: [...pins, added] });
      setSaid({ good: true, text: "✓ It is on the dashboard." });
    } catch (error) {
      setSaid({ good: false, text: error instanceof ApiError ? error.message : String(error) });
    }
  };
  return (
    <div class="picture">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void pin();
        }}
      >
        <Select
          label="Draw"
          value={kind}
          options={["line", "bar", "scatter"]}
          onChange={(value) => setKind(value as PlotKind)}
        />
        <Select label="along" value={spec.x} options={names} onChange={setX} />
        <Select label="up" value={spec.y[0] ?? ""} options={names} onChange={setY} />
        <input
          aria-label="Title"
          placeholder="a title"
          value={title}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={title.trim() === ""}>
          Pin to the dashboard
        </button>
      </form>
      {said !== undefined && (
        <p class={said.good ? "ok" : "bad"} role="status">
          {said.text} {said.good && <a href="#/dashboard">See it</a>}
        </p>
      )}
      <Plot title="Picture of the result" spec={spec} data={data} />
    </div>
  );
}

function isNumber(value: unknown): boolean {
  return (
    typeof value === "number" || (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
  );
}

function Select(props: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly onChange: (value: string) => void;
}): JSX.Element {
  return (
    <label>
      {props.label}{" "}
      <select value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
        {props.options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}
