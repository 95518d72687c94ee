/** The entry `penstock/client`: puts rows into a pipeline, on this machine or on AWS. */
export type { Row } from "../definition/table.js";
export { GivenUpError, type RecordResult } from "./outbox.js";
export { type Producer, type ProducerOptions, producer } from "./producer.js";
export type { Connection } from "./transport.js";
