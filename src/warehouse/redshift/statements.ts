/** The statements of the Redshift warehouse, for whoever runs them: the driver beside this file, or the state machine on AWS. No I/O. */
export { type ManifestObject, manifestText } from "./copy-steps.js";
export { columnsOf, describeSql, prepareSteps, type TableChanges, tableChanges } from "./ddl.js";
export {
  LEDGER_KEYS_MAX,
  ledgerEntry,
  ledgerSql,
  outcomeSql,
  quarantineSteps,
  replaysSql,
} from "./ledger-steps.js";
export type { CopySource, LoadGiven } from "./load-given.js";
export { planLoad } from "./load-plan.js";
export { type DescribedStatement, type Outcome, type OutcomeKind, readOutcome } from "./outcome.js";
export { LOAD_OBJECTS_MAX, planSources, SOURCES_MAX, type SourceObject } from "./sources.js";
export { AWS_PLACE, type LoadObject, type RedshiftPlace, type Step, type StepKind } from "./steps.js";
