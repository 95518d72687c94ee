import type { JSX } from "preact";
import type { ModelAnswer, PipelineStatus } from "../../../../src/api/control/contract.ts";
import type { Live } from "../../live.ts";
import { Chart } from "../../parts/chart.tsx";
import { Audit } from "./audit.tsx";
import { DeadLetters } from "./dead-letters.tsx";
import { Flow } from "./flow.tsx";
import { NewestLoads, NewestObjects } from "./newest.tsx";

export interface PipelinePageProps {
  readonly status: PipelineStatus;
  readonly model: ModelAnswer | undefined;
  readonly live: Live;
}

/** The data's way as it moves, what it comes to, and what was done last. */
export function PipelinePage({ status, model, live: { connected, rates } }: PipelinePageProps): JSX.Element {
  return (
    <>
      <Flow status={status} rates={rates} />
      <Audit status={status} connected={connected} />
      {model?.charts.map((chart) => (
        <Chart key={chart.title} chart={chart} />
      ))}
      <div class="panels">
        <NewestObjects status={status} />
        <NewestLoads status={status} />
        <DeadLetters status={status} />
      </div>
    </>
  );
}
