import { RemovalPolicy } from "aws-cdk-lib";
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpoint,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  type IPeer,
  type ISubnet,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { PipelineModel } from "../../../src/definition/model.js";
import type { DeployOptions } from "../options.js";

export interface Network {
  readonly vpc: Vpc;
  readonly subnets: readonly ISubnet[];
  /** Of the transform Lambdas. */
  readonly transformGroup: SecurityGroup;
  /** Of the Lambda that starts loads. */
  readonly loadGroup: SecurityGroup;
  readonly warehouseGroup: SecurityGroup;
}

export const WAREHOUSE_PORT = 5439;

/**
 * Three isolated subnets (Redshift Serverless wants three zones), no internet gateway and no NAT: what is not behind an endpoint cannot be reached.
 *
 *     transform --443--> S3 (gateway endpoint)      dead letters
 *     load ------443--> S3, Step Functions          manifests, executions
 *     warehouse -443--> S3                          COPY, by enhanced VPC routing
 *               -443--> Glue                        the schema over the lake, which enhanced VPC routing sends through here as well
 *               -443--> Kinesis                     where a table is streamed
 */
export function network(scope: Construct, key: Key, model: PipelineModel, options: DeployOptions): Network {
  const vpc = new Vpc(scope, "Vpc", {
    maxAzs: 3,
    natGateways: 0,
    subnetConfiguration: [{ name: "Isolated", subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }],
  });
  const subnets = vpc.isolatedSubnets;
  flowLogs(scope, vpc, key);
  new GatewayVpcEndpoint(scope, "S3Endpoint", {
    vpc,
    service: GatewayVpcEndpointAwsService.S3,
    subnets: [{ subnets }],
  });

  const group = (id: string, description: string) =>
    new SecurityGroup(scope, id, { vpc, description, allowAllOutbound: false });
  const transformGroup = group("TransformGroup", "Transform Lambdas: to S3");
  const loadGroup = group("LoadGroup", "Load Lambda: to S3 and Step Functions");
  const warehouseGroup = group("WarehouseGroup", "Warehouse: to S3 and to the services that it reads by endpoints");
  const endpointGroup = group("EndpointGroup", "Step Functions endpoint: from the load Lambda");

  // Without the prefix list's id, which differs from region to region, S3's addresses have no name; all that the route tables lead to is the
  // S3 endpoint, so that "any address" is S3's.
  const s3: IPeer = options.s3PrefixListId === undefined ? Peer.anyIpv4() : Peer.prefixList(options.s3PrefixListId);
  for (const one of [transformGroup, loadGroup, warehouseGroup]) one.addEgressRule(s3, Port.tcp(443), "S3");
  loadGroup.addEgressRule(endpointGroup, Port.tcp(443), "Step Functions");
  endpointGroup.addIngressRule(loadGroup, Port.tcp(443), "Load Lambda");
  const endpoint = (id: string, service: InterfaceVpcEndpointAwsService, securityGroup: SecurityGroup) =>
    new InterfaceVpcEndpoint(scope, id, {
      vpc,
      service,
      subnets: { subnets },
      securityGroups: [securityGroup],
      open: false,
    });
  endpoint("StepFunctionsEndpoint", InterfaceVpcEndpointAwsService.STEP_FUNCTIONS, endpointGroup);
  const readGroup = group("WarehouseEndpointGroup", "Endpoints of what the warehouse reads");
  warehouseGroup.addEgressRule(readGroup, Port.tcp(443), "Endpoints of what it reads");
  readGroup.addIngressRule(warehouseGroup, Port.tcp(443), "Warehouse");
  endpoint("GlueEndpoint", InterfaceVpcEndpointAwsService.GLUE, readGroup);
  if (model.tables.some(({ load }) => load === "streaming"))
    endpoint("KinesisEndpoint", InterfaceVpcEndpointAwsService.KINESIS_STREAMS, readGroup);
  for (const cidr of options.toolCidrs ?? []) {
    warehouseGroup.addIngressRule(Peer.ipv4(cidr), Port.tcp(WAREHOUSE_PORT), "Tools outside the VPC");
  }
  return { vpc, subnets, transformGroup, loadGroup, warehouseGroup };
}

function flowLogs(scope: Construct, vpc: Vpc, key: Key): void {
  const logGroup = new LogGroup(scope, "FlowLogs", {
    encryptionKey: key,
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, "FlowLogsRole", { assumedBy: new ServicePrincipal("vpc-flow-logs.amazonaws.com") });
  role.addToPolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      actions: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
      resources: [logGroup.logGroupArn],
    }),
  );
  vpc.addFlowLog("FlowLog", {
    destination: FlowLogDestination.toCloudWatchLogs(logGroup, role),
    trafficType: FlowLogTrafficType.ALL,
  });
}
