import { beforeAll, describe, expect, it } from "vitest";
import market from "../../examples/market/penstock.js";
import { type Synthesis, synthesis } from "./synthesis.js";

let made: Synthesis;
beforeAll(async () => {
  made = await synthesis(market);
});

const text = (value: unknown) => JSON.stringify(value);

describe("the example market on AWS", () => {
  it("leaves no finding of AwsSolutions, Serverless, NIST 800-53 r5 and PCI without a reason", () => {
    expect(made.findings).toEqual([]);
  });

  it("has its streams by their names, with the definition's shards, encrypted by the pipeline's key", () => {
    const streams = made.properties("AWS::Kinesis::Stream");
    expect(streams.map(({ Name, ShardCount }) => [Name, ShardCount]).sort()).toEqual([
      ["daily-prices", 1],
      ["quotes", 2],
    ]);
    for (const { StreamEncryption } of streams) expect(StreamEncryption).toMatchObject({ EncryptionType: "KMS" });
  });

  it("converts by Glue's columns, in the order of COPY: the row's identity, then the table's own", () => {
    const tables = made.properties("AWS::Glue::Table").map(({ TableInput }) => TableInput as Record<string, never>);
    const quotes = tables.find(({ Name }) => Name === "quotes")! as Record<
      string,
      { Columns: { Name: string; Type: string }[] }
    >;
    expect(quotes.StorageDescriptor!.Columns.map(({ Name, Type }) => `${Name} ${Type}`)).toEqual([
      "_shard_id string",
      "_sequence_number string",
      "_row_index bigint",
      "_arrived_at timestamp",
      "symbol string",
      "bid decimal(12,4)",
      "ask decimal(12,4)",
      "bid_size int",
      "ask_size int",
      "quoted_at timestamp",
    ]);
  });

  it("delivers under the embedded lake's prefixes, with buffers that Firehose takes", () => {
    const streams = made
      .properties("AWS::KinesisFirehose::DeliveryStream")
      .map(({ ExtendedS3DestinationConfiguration }) => ExtendedS3DestinationConfiguration as Record<string, unknown>);
    const quotes = streams.find(({ Prefix }) => text(Prefix).includes("quotes"))!;
    expect(quotes.Prefix).toBe("tables/quotes/day=!{partitionKeyFromLambda:day}/");
    expect(quotes.ErrorOutputPrefix).toBe("errors/quotes/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/");
    expect(quotes.BufferingHints).toEqual({ IntervalInSeconds: 60, SizeInMBs: 64 });
    expect(quotes.DynamicPartitioningConfiguration).toEqual({ Enabled: true });
    const daily = streams.find(({ Prefix }) => text(Prefix).includes("daily_prices"))!;
    expect(daily.BufferingHints).toEqual({ IntervalInSeconds: 2, SizeInMBs: 64 });
    expect(daily.DynamicPartitioningConfiguration).toBeUndefined();
  });

  it("lets COPY read the tables' folders, their dead letters, what was redriven and the manifests, and nothing else of the lake", () => {
    const policy = made.properties("AWS::IAM::Policy").find(({ PolicyName }) => text(PolicyName).includes("CopyRole"))!;
    const { Statement } = policy.PolicyDocument as { Statement: { Sid: string; Action: unknown; Resource: unknown }[] };
    const read = Statement.find(({ Sid }) => Sid === "ReadTables")!;
    expect(read.Action).toBe("s3:GetObject");
    const folders = (read.Resource as { "Fn::Join": [string, unknown[]] }[]).map((one) => one["Fn::Join"][1].at(-1));
    expect(folders.sort()).toEqual([
      "/errors/daily_prices/*",
      "/errors/quotes/*",
      "/loads/daily_prices/*",
      "/loads/quotes/*",
      "/redrive/daily_prices/*",
      "/redrive/quotes/*",
      "/tables/daily_prices/*",
      "/tables/quotes/*",
    ]);
  });

  it("keeps the warehouse private, in three zones, its password made by Redshift under the pipeline's key", () => {
    const [workgroup] = made.properties("AWS::RedshiftServerless::Workgroup");
    expect(workgroup).toMatchObject({ PubliclyAccessible: false, EnhancedVpcRouting: true });
    expect((workgroup!.SubnetIds as unknown[]).length).toBe(3);
    expect(workgroup!.ConfigParameters).toContainEqual({ ParameterKey: "require_ssl", ParameterValue: "true" });
    const [namespace] = made.properties("AWS::RedshiftServerless::Namespace");
    expect(namespace).toMatchObject({ ManageAdminPassword: true });
    expect(namespace!.AdminUserPassword).toBeUndefined();
    expect(text(namespace!.KmsKeyId)).toContain("FoundationKey");
    expect(text(namespace!.AdminPasswordSecretKmsKeyId)).toContain("FoundationKey");
    expect(namespace!.DefaultIamRoleArn).toEqual((namespace!.IamRoles as unknown[])[0]);
  });

  it("has no way out of the VPC, and no rule that lets anyone in but those who ask the endpoints", () => {
    expect(made.properties("AWS::EC2::NatGateway")).toEqual([]);
    expect(made.properties("AWS::EC2::InternetGateway")).toEqual([]);
    for (const group of made.properties("AWS::EC2::SecurityGroup")) expect(group.SecurityGroupIngress).toBeUndefined();
    const ingress = made.properties("AWS::EC2::SecurityGroupIngress");
    expect(ingress.map(({ FromPort, Description }) => [FromPort, Description])).toEqual([
      [443, "Load Lambda"],
      [443, "Warehouse"],
    ]);
  });

  it("has bundles under 2 MB, with neither DuckDB nor the construct library", () => {
    expect(made.bundles.map(({ name }) => name)).toEqual([
      "transform-daily_prices",
      "transform-quotes",
      "load",
      "load-step",
      "sweep",
      "migrate",
    ]);
    for (const { name, bytes, code } of made.bundles) {
      expect([name, bytes > 10_000 && bytes < 2_000_000]).toEqual([name, true]);
      expect(code).not.toMatch(/duckdb\/node-api|@duckdb\/|aws-cdk-lib/);
    }
  });
});
