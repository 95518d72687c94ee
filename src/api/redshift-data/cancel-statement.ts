import { operation } from "../aws/service.js";
import { structure } from "../aws/shape.js";
import { type DataApiContext, findStatement } from "./context.js";
import { invalid } from "./errors.js";
import { statementId } from "./request.js";

export const cancelStatement = (context: DataApiContext) =>
  operation(structure({ Id: statementId }), (input, call) => {
    const { statement } = findStatement(context, input.Id, call);
    if (!context.statements.cancel(statement)) {
      throw invalid(`Could not cancel a query that is already in ${statement.status} state with ID: ${input.Id}`);
    }
    return { Status: true };
  });
