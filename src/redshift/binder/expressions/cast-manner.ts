import type { BindContext } from "../bound.js";
import type { CastKind } from "./cast-rules.js";

/** How a conversion is asked for. */
export interface CastManner {
  readonly kind: CastKind;
  readonly context: BindContext;
  /** TRY_CAST: NULL where it would be an error. */
  readonly try: boolean;
}
