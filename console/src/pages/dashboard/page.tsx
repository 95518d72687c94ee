import "./dashboard.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ModelAnswer, Pin, PinsBody } from "../../../../src/api/control/contract.ts";
import { ApiError, get, put } from "../../api.ts";
import { Chart } from "../../parts/chart.tsx";

/** The definition's charts, and those that were pinned: the same for everybody who opens the console. */
export function DashboardPage({ model }: { model: ModelAnswer | undefined }): JSX.Element {
  const [pins, setPins] = useState<readonly Pin[]>();
  const [failure, setFailure] = useState<string>();
  const failed = (error: unknown) => setFailure(error instanceof ApiError ? error.message : String(error));
  useEffect(() => {
    get<PinsBody>("pins").then((body) => setPins(body.pins), failed);
  }, []);

  const replace = async (changed: readonly Pin[]) => {
    try {
      setPins((await put<PinsBody>("pins", { pins: changed })).pins);
      setFailure(undefined);
    } catch (error) {
      failed(error);
    }
  };
  const charts = model?.charts ?? [];
  return (
    <div class="dashboard">
      {failure !== undefined && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
      {charts.map((chart) => (
        <Chart key={chart.title} chart={chart} />
      ))}
      {(pins ?? []).map((pin, index) => (
        <Chart key={pin.id} chart={pin}>
          <span class="arrange">
            <button
              type="button"
              class="button"
              disabled={index === 0}
              aria-label={`Move ${pin.title} up`}
              onClick={() => void replace(moved(pins ?? [], index))}
            >
              ↑
            </button>
            <button
              type="button"
              class="button"
              aria-label={`Take ${pin.title} off`}
              onClick={() => void replace((pins ?? []).filter(({ id }) => id !== pin.id))}
            >
              ✕
            </button>
          </span>
        </Chart>
      ))}
      {pins?.length === 0 && (
        <p class="panel quiet empty">
          {charts.length === 0 ? "No charts yet. " : ""}Ask something on the <a href="#/sql">SQL page</a>, draw it, and
          pin it here.
        </p>
      )}
    </div>
  );
}

function moved(pins: readonly Pin[], index: number): readonly Pin[] {
  const changed = [...pins];
  changed.splice(index - 1, 0, ...changed.splice(index, 1));
  return changed;
}
