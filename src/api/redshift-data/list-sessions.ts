import { operation } from "../aws/service.js";
import { boolean, integer, string, structure } from "../aws/shape.js";
import { type DataApiContext, maySee, pageOf } from "./context.js";
import { invalid } from "./errors.js";
import { nextToken, targetMembers } from "./request.js";

const PAGE_MAX = 100;

export const listSessions = (context: DataApiContext) =>
  operation(
    structure({
      ClusterIdentifier: targetMembers.ClusterIdentifier,
      Database: targetMembers.Database,
      MaxResults: integer({ min: 0, max: PAGE_MAX }),
      NextToken: nextToken,
      RoleLevel: boolean(),
      SessionId: string(),
      Status: string({ oneOf: ["AVAILABLE", "BUSY", "CLOSED"] }),
      WorkgroupName: targetMembers.WorkgroupName,
    }),
    (input, call) => {
      const {
        ClusterIdentifier: cluster,
        WorkgroupName: workgroup,
        Database: database,
        SessionId: id,
        Status: status,
      } = input;
      const others = [cluster, workgroup, database, status].some((one) => one !== undefined);
      if (id !== undefined && others) {
        throw invalid("SessionId cannot be given with Status, ClusterIdentifier, WorkgroupName or Database.");
      }
      const found = context.statements.sessions.list().filter((one) => {
        if (!maySee(context, call, one)) return false;
        if (id !== undefined) return one.id === id;
        if (status === undefined ? one.status === "CLOSED" : one.status !== status) return false;
        if (cluster !== undefined && one.target.clusterIdentifier !== cluster) return false;
        if (workgroup !== undefined && one.target.workgroupName !== workgroup) return false;
        return database === undefined || one.target.database === database;
      });
      const { items, NextToken } = pageOf(found, "sessions", input, PAGE_MAX);
      return {
        Sessions: items.map((one) => ({
          SessionId: one.id,
          Status: one.status,
          CreatedAt: new Date(one.createdAtMs),
          UpdatedAt: new Date(one.updatedAtMs),
          Database: one.target.database,
          DbUser: one.target.dbUser,
          ClusterIdentifier: one.target.clusterIdentifier,
          WorkgroupName: one.target.workgroupName,
          SessionAliveSeconds: one.keepAliveSeconds,
          SessionTtl: one.expiresAtMs === undefined ? undefined : new Date(one.expiresAtMs),
          CurrentStatementId: one.status === "BUSY" ? one.statementId : undefined,
        })),
        NextToken,
      };
    },
  );
