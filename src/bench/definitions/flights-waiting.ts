import { bigint, pipeline, stream, table } from "../../index.js";

/** The pipeline of the flights before it has its table: what is put into the stream `flights` waits in the journal. */
export default pipeline("flights", {
  tables: [table("idle", { from: stream("idle"), columns: { id: bigint() } })],
});
