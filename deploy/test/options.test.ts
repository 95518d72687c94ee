import { describe, expect, it } from "vitest";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { directPut, integer, json, pipeline, stream, table, varchar } from "../../src/index.js";
import { checkModel } from "../src/check-model.js";
import { checkOptions } from "../src/options.js";
import { synthesis } from "./synthesis.js";

const clicks = table("clicks", {
  from: directPut(),
  format: json(),
  columns: { page: varchar(100), millis: integer() },
  deliver: { format: "json", bufferMiB: 1 },
});

describe("options", () => {
  it("on-demand streams, RA3, tools' networks and direct put come out as asked, and break no rule", async () => {
    const events = table("events", { from: stream("events"), format: json(), columns: { id: integer() } });
    const made = await synthesis(pipeline("others", { tables: [clicks, events] }), {
      streamMode: "on-demand",
      warehouse: { kind: "provisioned", nodes: 3 },
      toolCidrs: ["203.0.113.0/24"],
      s3PrefixListId: "pl-63a5400a",
    });
    expect(made.findings).toEqual([]);
    expect(made.properties("AWS::Kinesis::Stream")[0]).toMatchObject({
      StreamModeDetails: { StreamMode: "ON_DEMAND" },
    });
    expect(made.properties("AWS::Redshift::Cluster")[0]).toMatchObject({
      Encrypted: true,
      ManageMasterPassword: true,
      NumberOfNodes: 3,
      PubliclyAccessible: false,
    });
    const direct = made
      .properties("AWS::KinesisFirehose::DeliveryStream")
      .find(({ DeliveryStreamType }) => DeliveryStreamType === "DirectPut")!;
    expect(direct).toMatchObject({
      DeliveryStreamName: "clicks",
      DeliveryStreamEncryptionConfigurationInput: { KeyType: "CUSTOMER_MANAGED_CMK" },
      ExtendedS3DestinationConfiguration: { BufferingHints: { SizeInMBs: 1 }, CompressionFormat: "GZIP" },
    });
  });

  it("that cannot be are refused by name", () => {
    expect(() => checkOptions({ warehouse: { kind: "serverless", baseRpu: 12 } })).toThrow("warehouse.baseRpu is 12");
    expect(() => checkOptions({ toolCidrs: ["0.0.0.0/0"] })).toThrow("the whole internet");
    expect(() => checkOptions({ s3PrefixListId: "s3" })).toThrow("s3PrefixListId");
    const secretArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:reader";
    expect(() => checkOptions({ quickSight: { userArn: "jo", secretArn } })).toThrow("quickSight.userArn");
  });

  it("what AWS cannot do with a definition is said all at once", () => {
    const model = draftOf<PipelineModel>(
      pipeline("odd", {
        tables: [
          table("odd", {
            from: stream("odd"),
            columns: { id: integer() },
            transform: (record) => record,
            deliver: { format: "csv" },
          }),
        ],
      }),
      PIPELINE,
    )!;
    expect(() => checkModel(model, {})).toThrow(/deliver\.format is "csv"[\s\S]*transform is JavaScript/);
  });
});
