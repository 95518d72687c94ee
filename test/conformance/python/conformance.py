"""The unmodified AWS SDK for Python against a running door: `python3 conformance.py http://127.0.0.1:4566`.

Prints one line for each fact that holds; stops at the first that does not. Exits with 77 where boto3 is not installed.
"""

import os
import sys
import time

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError
except ImportError:
    print("boto3 is not installed")
    sys.exit(77)

ENDPOINT = sys.argv[1]
DIRECT_PUT = sys.argv[2]
SETTINGS = {
    "endpoint_url": ENDPOINT,
    "region_name": "us-east-1",
    "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
    "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
    "config": Config(retries={"max_attempts": 0}),
}
kinesis = boto3.client("kinesis", **SETTINGS)
firehose = boto3.client("firehose", **SETTINGS)
STREAM = "python"


def fact(text, holds):
    if not holds:
        print("does not hold: " + text)
        sys.exit(1)
    print("holds: " + text)


def error_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return None


def wait_active():
    while kinesis.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]["StreamStatus"] != "ACTIVE":
        time.sleep(0.05)


def read_all(shard):
    iterator = kinesis.get_shard_iterator(StreamName=STREAM, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    records = []
    while iterator:
        page = kinesis.get_records(ShardIterator=iterator, Limit=300)
        records += page["Records"]
        if not page["Records"] and page["MillisBehindLatest"] == 0:
            break
        iterator = page.get("NextShardIterator")
    return records


kinesis.create_stream(StreamName=STREAM, ShardCount=2)
kinesis.get_waiter("stream_exists").wait(StreamName=STREAM, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
wait_active()
summary = kinesis.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]
fact("a stream is made, and its time is about now", abs(summary["StreamCreationTimestamp"].timestamp() - time.time()) < 60)

every_byte = bytes(range(256))
single = kinesis.put_record(StreamName=STREAM, PartitionKey="ключ", Data=every_byte)
batch = kinesis.put_records(
    StreamName=STREAM, Records=[{"PartitionKey": f"key {i}", "Data": f"data {i}".encode()} for i in range(500)]
)
fact("500 records are put at once", batch["FailedRecordCount"] == 0 and len(batch["Records"]) == 500)

shards = [shard["ShardId"] for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]]
records = [record for shard in shards for record in read_all(shard)]
by_number = {record["SequenceNumber"]: record for record in records}
fact("each record is read once, under the number that was answered", len(records) == len(by_number) == 501)
fact("a record keeps its bytes", by_number[single["SequenceNumber"]]["Data"] == every_byte)
fact("a record keeps its key", by_number[single["SequenceNumber"]]["PartitionKey"] == "ключ")
fact(
    "a batch's answers are in its order",
    all(by_number[one["SequenceNumber"]]["Data"] == f"data {i}".encode() for i, one in enumerate(batch["Records"])),
)
arrival = records[0]["ApproximateArrivalTimestamp"].timestamp()
fact("a record has its time", abs(arrival - time.time()) < 60)

fact(
    "what does not exist is a typed error",
    error_of(kinesis.describe_stream, StreamName="nobody")
    == ("ResourceNotFoundException", "Stream nobody under account 000000000000 not found."),
)
fact("an iterator that is none is refused", error_of(kinesis.get_records, ShardIterator="x") == ("InvalidArgumentException", "Invalid ShardIterator."))

kinesis.split_shard(StreamName=STREAM, ShardToSplit=shards[0], NewStartingHashKey="1000")
wait_active()
fact("a shard is split", len(kinesis.list_shards(StreamName=STREAM)["Shards"]) == 4)
kinesis.add_tags_to_stream(StreamName=STREAM, Tags={"team": "data"})
fact("tags are kept", kinesis.list_tags_for_stream(StreamName=STREAM)["Tags"] == [{"Key": "team", "Value": "data"}])
pages = kinesis.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 1})
fact("streams are listed by pages", STREAM in [name for page in pages for name in page["StreamNames"]])

arn = summary["StreamARN"]
consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")["Consumer"]["ConsumerARN"]
while kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]["ConsumerStatus"] != "ACTIVE":
    time.sleep(0.05)
subscription = kinesis.subscribe_to_shard(ConsumerARN=consumer, ShardId=shards[1], StartingPosition={"Type": "TRIM_HORIZON"})
read = next(event["SubscribeToShardEvent"] for event in subscription["EventStream"] if event["SubscribeToShardEvent"]["Records"])
fact("a shard is subscribed to over HTTP/1.1", all(record["SequenceNumber"] in by_number for record in read["Records"]))
subscription["EventStream"].close()

put = firehose.put_record_batch(DeliveryStreamName=DIRECT_PUT, Records=[{"Data": b"one\n"}, {"Data": b"two\n"}])
fact("Firehose takes a batch", put["FailedPutCount"] == 0 and len(put["RequestResponses"]) == 2)
described = firehose.describe_delivery_stream(DeliveryStreamName=DIRECT_PUT)["DeliveryStreamDescription"]
fact("Firehose describes its stream", described["DeliveryStreamStatus"] == "ACTIVE")
kinesis.delete_stream(StreamName=STREAM, EnforceConsumerDeletion=True)
kinesis.get_waiter("stream_not_exists").wait(StreamName=STREAM, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
fact("a stream is deleted", True)
