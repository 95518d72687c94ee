import type { Logger } from "pino";
import type { PipelineInstance } from "../api/control/instance.js";
import type { RuntimeConfig } from "./config.js";

/** What `startPipeline` of `runtime/index.ts` answers once every door is open. */
export interface StartedPipeline {
  readonly instance: PipelineInstance;
  /** Resolves with the reason if the pipeline has to stop by itself (a poisoned journal, a door that fell); never otherwise. */
  readonly failed: Promise<Error>;
  /** Closes the doors to new records, delivers and loads what is acked, closes every file and gives the lock up. Answers whether all of it was loaded. */
  close(): Promise<boolean>;
}

export type StartPipeline = (config: RuntimeConfig, tools: { readonly log: Logger }) => Promise<StartedPipeline>;
