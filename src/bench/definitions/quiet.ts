import { bigint, pipeline, stream, table } from "../../index.js";

/** A pipeline with nothing to do: what is measured goes into streams that no table takes from. */
export default pipeline("quiet", {
  tables: [table("idle", { from: stream("idle"), columns: { id: bigint() } })],
});
