import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ModelAnswer, PipelineStatus } from "../../../../src/api/control/contract.ts";
import type { Live } from "../../live.ts";
import { Chart } from "../../parts/chart.tsx";
import { Audit } from "./audit.tsx";
import { DeadLetters } from "./dead-letters.tsx";
import { type ChosenStage, Flow } from "./flow.tsx";
import { NewestLoads, NewestObjects } from "./newest.tsx";
import { StageDetail } from "./stage-detail.tsx";

export interface PipelinePageProps {
  readonly status: PipelineStatus;
  readonly model: ModelAnswer | undefined;
  readonly live: Live;
}

/** The data's way as it moves, what it comes to, and what was done last. */
export function PipelinePage({ status, model, live: { connected, rates } }: PipelinePageProps): JSX.Element {
  const [chosen, setChosen] = useState<ChosenStage>();
  const onChosen = (next: ChosenStage) =>
    setChosen((before) => (before?.table === next.table && before.stage === next.stage ? undefined : next));
  return (
    <>
      <Flow status={status} rates={rates} chosen={chosen} onChosen={onChosen} />
      {chosen !== undefined && <StageDetail key={`${chosen.table}/${chosen.stage}`} chosen={chosen} status={status} />}
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
