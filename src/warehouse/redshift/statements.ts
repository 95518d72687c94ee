/** The statements of the Redshift warehouse, for whoever runs them: the driver beside this file, or the state machine on AWS. No I/O. */
export { manifestText } from "./copy-steps.js";
export { describeSql, prepareOwnSteps, prepareSteps, tableChanges } from "./ddl.js";
export { keyChanges } from "./key-changes.js";
export { LEDGER_KEYS_MAX, ledgerEntry, ledgerSql, outcomeSql, quarantineSteps } from "./ledger-steps.js";
export type { LoadGiven } from "./load-given.js";
export { planLoad } from "./load-plan.js";
export { readOutcome } from "./outcome.js";
export { LOAD_OBJECTS_MAX, planSources, SOURCES_MAX } from "./sources.js";
export { AWS_PLACE, type LoadObject, type RedshiftPlace, type Step } from "./steps.js";
