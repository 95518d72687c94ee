import { CfnOutput, Fn, Stack } from "aws-cdk-lib";
import { Port, SecurityGroup } from "aws-cdk-lib/aws-ec2";
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnDashboard, CfnDataSet, CfnDataSource, CfnVPCConnection } from "aws-cdk-lib/aws-quicksight";
import type { Construct } from "constructs";
import type { ChartModel, PipelineModel } from "../../../src/definition/model.js";
import type { QuickSightOptions } from "../options.js";
import { type Network, WAREHOUSE_PORT } from "./network.js";
import type { Warehouse } from "./warehouse.js";

export interface QuickSightParts {
  readonly model: PipelineModel;
  readonly network: Network;
  readonly warehouse: Warehouse;
  readonly options: QuickSightOptions;
}

const TABLE = "rows";
const DATA_SET_ACTIONS = [
  "quicksight:DescribeDataSet",
  "quicksight:DescribeDataSetPermissions",
  "quicksight:PassDataSet",
  "quicksight:DescribeIngestion",
  "quicksight:ListIngestions",
];
const DATA_SOURCE_ACTIONS = [
  "quicksight:DescribeDataSource",
  "quicksight:DescribeDataSourcePermissions",
  "quicksight:PassDataSource",
];
const DASHBOARD_ACTIONS = [
  "quicksight:DescribeDashboard",
  "quicksight:ListDashboardVersions",
  "quicksight:QueryDashboard",
];

/**
 * The definition's charts as a dashboard of QuickSight's, which reaches the private warehouse by network interfaces in the pipeline's subnets. It asks
 * the warehouse itself (no SPICE copy), as the user whose secret the options name: one that may read, and no more.
 */
export function quickSight(scope: Construct, { model, network, warehouse, options }: QuickSightParts): void {
  const { account } = Stack.of(scope);
  const name = `penstock-${model.name}`;
  const connection = new CfnVPCConnection(scope, "Connection", {
    awsAccountId: account,
    vpcConnectionId: name,
    name,
    roleArn: connectionRole(scope).roleArn,
    subnetIds: network.subnets.map(({ subnetId }) => subnetId),
    securityGroupIds: [connectionGroup(scope, network).securityGroupId],
  });
  const permit = (actions: readonly string[]) => [{ principal: options.userArn, actions: [...actions] }];
  const source = new CfnDataSource(scope, "Warehouse", {
    awsAccountId: account,
    dataSourceId: name,
    name: `Penstock ${model.name}`,
    type: "REDSHIFT",
    dataSourceParameters: {
      redshiftParameters: { host: warehouse.host, port: WAREHOUSE_PORT, database: warehouse.database },
    },
    credentials: { secretArn: options.secretArn },
    vpcConnectionProperties: { vpcConnectionArn: connection.attrArn },
    sslProperties: { disableSsl: false },
    permissions: permit(DATA_SOURCE_ACTIONS),
  });
  const charts = (model.charts ?? []).map((chart, index) => ({ chart, id: `chart${index + 1}` }));
  const sets = charts.map(({ chart, id }) => ({
    id,
    set: new CfnDataSet(scope, `Data-${id}`, {
      awsAccountId: account,
      dataSetId: `${name}-${id}`,
      name: `${model.name}: ${chart.title}`,
      importMode: "DIRECT_QUERY",
      physicalTableMap: {
        [TABLE]: {
          customSql: {
            dataSourceArn: source.attrArn,
            name: TABLE,
            sqlQuery: chart.sql,
            columns: [
              { name: chart.x, type: kindOf(model, chart) },
              ...chart.y.map((column) => ({ name: column, type: "DECIMAL" })),
            ],
          },
        },
      },
      permissions: permit(DATA_SET_ACTIONS),
    }),
  }));
  if (charts.length === 0) return;
  const dashboard = new CfnDashboard(scope, "Dashboard", {
    awsAccountId: account,
    dashboardId: name,
    name: `Penstock ${model.name}`,
    definition: {
      dataSetIdentifierDeclarations: sets.map(({ id, set }) => ({ identifier: id, dataSetArn: set.attrArn })),
      sheets: [
        {
          sheetId: "charts",
          name: "Charts",
          visuals: charts.map(({ chart, id }) => ({ lineChartVisual: lines(model, chart, id) })),
        },
      ],
    },
    permissions: permit(DASHBOARD_ACTIONS),
  });
  new CfnOutput(scope, "QuickSightDashboard", {
    value: Fn.select(1, Fn.split("/", dashboard.attrArn)),
    description: "The charts of the definition, as a dashboard's id",
  });
}

function lines(model: PipelineModel, chart: ChartModel, id: string): CfnDashboard.LineChartVisualProperty {
  const column = (columnName: string) => ({ dataSetIdentifier: id, columnName });
  const unit = chart.unit === undefined ? "" : ` (${chart.unit})`;
  const x = { fieldId: `${id}-x`, column: column(chart.x) };
  return {
    visualId: id,
    title: { visibility: "VISIBLE", formatText: { plainText: `${chart.title}${unit}` } },
    chartConfiguration: {
      fieldWells: {
        lineChartAggregatedFieldWells: {
          category: [
            kindOf(model, chart) === "DATETIME"
              ? { dateDimensionField: { ...x, dateGranularity: "SECOND" } }
              : { numericalDimensionField: x },
          ],
          values: chart.y.map((name, index) => ({
            numericalMeasureField: {
              fieldId: `${id}-y${index + 1}`,
              column: column(name),
              aggregationFunction: { simpleNumericalAggregation: "AVERAGE" },
            },
          })),
        },
      },
    },
  };
}

/** What a chart's bottom line is: a time where a table's column of that name is one, or where the query makes one of that name; else a number. */
function kindOf(model: PipelineModel, { x, sql }: ChartModel): "DATETIME" | "DECIMAL" {
  const found = model.tables.flatMap(({ columns }) => columns).find(({ name }) => name === x)?.type.kind;
  const isTime = found === "date" || found === "timestamp" || found === "timestamptz" || x === "_arrived_at";
  const named = x.replaceAll("$", "\\$");
  const madeOne = new RegExp(
    `\\b(date_trunc|dateadd|to_timestamp|getdate|as\\s+(date|timestamp\\w*))\\b[^;]{0,200}?\\bas\\s+"?${named}"?\\b`,
    "i",
  );
  return isTime || madeOne.test(sql) ? "DATETIME" : "DECIMAL";
}

function connectionRole(scope: Construct): Role {
  return new Role(scope, "ConnectionRole", {
    assumedBy: new ServicePrincipal("quicksight.amazonaws.com", {
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
    }),
    inlinePolicies: {
      ManageOwnInterfaces: new PolicyDocument({
        statements: [
          new PolicyStatement({
            sid: "ManageOwnInterfaces",
            effect: Effect.ALLOW,
            // An interface has no name before it exists, and the describing ones take no resource.
            actions: [
              "ec2:CreateNetworkInterface",
              "ec2:ModifyNetworkInterfaceAttribute",
              "ec2:DeleteNetworkInterface",
              "ec2:DescribeSubnets",
              "ec2:DescribeSecurityGroups",
            ],
            resources: ["*"],
          }),
        ],
      }),
    },
  });
}

function connectionGroup(scope: Construct, { vpc, warehouseGroup }: Network): SecurityGroup {
  const group = new SecurityGroup(scope, "ConnectionGroup", {
    vpc,
    description: "QuickSight: to the warehouse",
    allowAllOutbound: false,
  });
  group.addEgressRule(warehouseGroup, Port.tcp(WAREHOUSE_PORT), "Warehouse");
  // QuickSight's interfaces do not remember what they asked: answers are let in by a rule of their own, to whatever port asked.
  group.addIngressRule(warehouseGroup, Port.tcpRange(1024, 65535), "Answers of the warehouse");
  warehouseGroup.addIngressRule(group, Port.tcp(WAREHOUSE_PORT), "QuickSight");
  return group;
}
