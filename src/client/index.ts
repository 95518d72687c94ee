export type { Row } from "../definition/table.js";
