import { operation } from "../aws/service.js";
import { boolean, integer, string, structure } from "../aws/shape.js";
import { type DataApiContext, maySee, pageOf } from "./context.js";
import { invalid } from "./errors.js";
import { nextToken, targetMembers } from "./request.js";

const PAGE_MAX = 100;

export const listStatements = (context: DataApiContext) =>
  operation(
    structure({
      ClusterIdentifier: targetMembers.ClusterIdentifier,
      Database: targetMembers.Database,
      MaxResults: integer({ min: 0, max: PAGE_MAX }),
      NextToken: nextToken,
      RoleLevel: boolean(),
      StatementName: string({ max: 500 }),
      Status: string({ oneOf: ["SUBMITTED", "PICKED", "STARTED", "FINISHED", "ABORTED", "FAILED", "ALL"] }),
      WorkgroupName: targetMembers.WorkgroupName,
    }),
    (input, call) => {
      const { ClusterIdentifier: cluster, WorkgroupName: workgroup, Database: database } = input;
      if (cluster !== undefined && workgroup !== undefined) {
        throw invalid("ClusterIdentifier and WorkgroupName cannot both be given.");
      }
      // The service's default: only what is finished.
      const status = input.Status ?? "FINISHED";
      const found = context.statements.list().filter(({ submission, ...one }) => {
        const { name, target } = submission;
        if (!maySee(context, call, submission)) return false;
        if (status !== "ALL" && one.status !== status) return false;
        if (input.StatementName !== undefined && !(name ?? "").startsWith(input.StatementName)) return false;
        if (cluster !== undefined && target.clusterIdentifier !== cluster) return false;
        if (workgroup !== undefined && target.workgroupName !== workgroup) return false;
        return database === undefined || target.database === database;
      });
      const { items, NextToken } = pageOf(found, "statements", input, PAGE_MAX);
      return {
        Statements: items.map(({ id, submission, ...one }) => ({
          Id: id,
          IsBatchStatement: submission.batch,
          ...(submission.batch ? { QueryStrings: submission.sqls } : { QueryString: submission.sqls[0] }),
          QueryParameters: submission.parameters.length > 0 ? submission.parameters : undefined,
          ResultFormat: submission.resultFormat,
          SecretArn: submission.target.secretArn,
          SessionId: one.sessionId,
          StatementName: submission.name,
          Status: one.status,
          CreatedAt: new Date(one.createdAtMs),
          UpdatedAt: new Date(one.updatedAtMs),
        })),
        NextToken,
      };
    },
  );
