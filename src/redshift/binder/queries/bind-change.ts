export { bindDelete } from "./delete.js";
export { bindInsert } from "./insert.js";
export { bindMerge } from "./merge.js";
export { bindUpdate } from "./update.js";
