/** Every `*` that stands in a policy of the template, and why it may. Whatever is not here fails the tests, and so does what is here for nothing. */
import type { WholeTemplate } from "./redshift-rules.js";

/** Actions that AWS takes no resource for, each with the page or the rule that says so. */
export const WITHOUT_RESOURCE: Readonly<Record<string, string>> = {
  "xray:PutTraceSegments": "X-Ray knows no resource that is written to",
  "xray:PutTelemetryRecords": "as PutTraceSegments",
  "xray:GetSamplingRules": "as PutTraceSegments",
  "xray:GetSamplingTargets": "as PutTraceSegments",
  "logs:CreateLogDelivery": "Step Functions' log delivery takes none (its guide: logging to CloudWatch Logs)",
  "logs:GetLogDelivery": "as CreateLogDelivery",
  "logs:UpdateLogDelivery": "as CreateLogDelivery",
  "logs:DeleteLogDelivery": "as CreateLogDelivery",
  "logs:ListLogDeliveries": "as CreateLogDelivery",
  "logs:PutResourcePolicy": "as CreateLogDelivery",
  "logs:DescribeResourcePolicies": "as CreateLogDelivery",
  "logs:DescribeLogGroups": "as CreateLogDelivery",
  "ec2:DescribeNetworkInterfaces": "describing takes no resource",
  "ec2:DescribeSubnets": "describing takes no resource",
  "ec2:DeleteNetworkInterface": "Lambda asks for it before there is an interface to name",
  "ec2:AssignPrivateIpAddresses": "as DeleteNetworkInterface",
  "ec2:UnassignPrivateIpAddresses": "as DeleteNetworkInterface",
  "redshift-data:DescribeStatement": "takes no resource; held to the role's own statements by a condition",
  "redshift-data:GetStatementResult": "as DescribeStatement",
  "redshift-data:CancelStatement": "as DescribeStatement",
  "kinesis:ListStreams": "listing takes no resource; it gives names alone",
};

/** Ends of resources that name no one thing. */
export const OPEN_ENDS: readonly { readonly end: RegExp; readonly reason: string }[] = [
  {
    end: /\.Arn\]?\}?\/[\w-]+(\/[\w=.-]+)*\/\*$/,
    reason: "the objects of one folder of the lake, which have no names before they are written",
  },
  { end: /:network-interface\/\*$/, reason: "an interface has no name before it is created" },
  {
    end: /:secret:redshift![\w-]+-\?{6}$/,
    reason: "Secrets Manager ends a secret's name with six characters of its own",
  },
];

export interface StarRight {
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  readonly conditions: string;
}

type Statement = {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
};

/** What the roles of the template may do by a `*` or `?`, in an action or in a resource. */
export function starRights({ Resources }: WholeTemplate): StarRight[] {
  const found: StarRight[] = [];
  for (const [role, { Type, Properties }] of Object.entries(Resources)) {
    if (Type !== "AWS::IAM::Policy" && Type !== "AWS::IAM::ManagedPolicy") continue;
    const { Statement: statements } = (Properties as { PolicyDocument: { Statement: readonly Statement[] } })
      .PolicyDocument;
    for (const { Effect, Action, Resource, Condition } of statements) {
      if (Effect !== "Allow") continue;
      for (const action of [Action].flat())
        for (const resource of [Resource].flat().map(spelled))
          if (/[*?]/.test(`${action}${resource}`))
            found.push({ role, action, resource, conditions: JSON.stringify(Condition ?? {}) });
    }
  }
  return found;
}

/** An intrinsic as one text. */
function spelled(value: unknown): string {
  if (typeof value === "string") return value;
  const { Ref, "Fn::GetAtt": attribute, "Fn::Join": join } = value as Record<string, unknown>;
  if (Array.isArray(join)) return (join[1] as unknown[]).map(spelled).join("");
  if (Array.isArray(attribute)) return `{${attribute.join(".")}}`;
  return `{${String(Ref)}}`;
}
