package penstock;

import static penstock.Facts.fact;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.firehose.FirehoseClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.ConsumerStatus;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.PutRecordResponse;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.Record;
import software.amazon.awssdk.services.kinesis.model.ResourceNotFoundException;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import software.amazon.awssdk.services.kinesis.model.StreamStatus;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardEvent;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardResponseHandler;

/**
 * The unmodified AWS SDK for Java 2 against a running door. Its Kinesis client speaks CBOR; the asynchronous one over HTTP/2.
 * Arguments: the door's address, the name of a direct-put stream.
 */
public final class SdkConformance {
  private static final String STREAM = "java";

  private SdkConformance() {}

  public static void main(String[] arguments) throws Exception {
    try (KinesisClient kinesis =
            KinesisClient.builder()
                .endpointOverride(Facts.endpoint(arguments))
                .region(Facts.REGION)
                .credentialsProvider(Facts.credentials())
                .build();
        KinesisAsyncClient async =
            KinesisAsyncClient.builder()
                .endpointOverride(Facts.endpoint(arguments))
                .region(Facts.REGION)
                .credentialsProvider(Facts.credentials())
                .build();
        FirehoseClient firehose =
            FirehoseClient.builder()
                .endpointOverride(Facts.endpoint(arguments))
                .region(Facts.REGION)
                .credentialsProvider(Facts.credentials())
                .build()) {
      Map<String, Record> stored = records(kinesis);
      subscription(kinesis, async, stored);
      firehose(firehose, arguments[1]);
    }
    System.exit(0);
  }

  private static Map<String, Record> records(KinesisClient kinesis) throws Exception {
    kinesis.createStream(request -> request.streamName(STREAM).shardCount(2));
    while (summaryStatus(kinesis) != StreamStatus.ACTIVE) Thread.sleep(50);
    Instant created =
        kinesis.describeStreamSummary(r -> r.streamName(STREAM)).streamDescriptionSummary().streamCreationTimestamp();
    fact("a stream's time is about now", near(created));

    byte[] everyByte = new byte[256];
    for (int i = 0; i < 256; i++) everyByte[i] = (byte) i;
    PutRecordResponse single =
        kinesis.putRecord(r -> r.streamName(STREAM).partitionKey("ключ").data(SdkBytes.fromByteArray(everyByte)));
    List<PutRecordsRequestEntry> entries =
        IntStream.range(0, 500)
            .mapToObj(i -> PutRecordsRequestEntry.builder().partitionKey("key " + i).data(bytes("data " + i)).build())
            .toList();
    PutRecordsResponse batch = kinesis.putRecords(r -> r.streamName(STREAM).records(entries));
    fact("500 records are put at once", batch.failedRecordCount() == 0 && batch.records().size() == 500);

    Map<String, Record> stored = new HashMap<>();
    for (String shard : List.of("shardId-000000000000", "shardId-000000000001")) {
      String iterator =
          kinesis
              .getShardIterator(
                  r ->
                      r.streamName(STREAM)
                          .shardId(shard)
                          .shardIteratorType(ShardIteratorType.AT_TIMESTAMP)
                          .timestamp(created.minusSeconds(1)))
              .shardIterator();
      while (true) {
        String from = iterator;
        GetRecordsResponse page = kinesis.getRecords(r -> r.shardIterator(from).limit(200));
        for (Record record : page.records()) stored.put(record.sequenceNumber(), record);
        if (page.records().isEmpty()) break;
        iterator = page.nextShardIterator();
      }
    }
    fact("each record is read once, under the number that was answered", stored.size() == 501);
    fact("a record keeps its bytes", java.util.Arrays.equals(stored.get(single.sequenceNumber()).data().asByteArray(), everyByte));
    fact("a record keeps its key", stored.get(single.sequenceNumber()).partitionKey().equals("ключ"));
    fact(
        "a batch's answers are in its order",
        IntStream.range(0, 500)
            .allMatch(i -> stored.get(batch.records().get(i).sequenceNumber()).data().equals(bytes("data " + i))));
    fact("a record's time is in milliseconds", stored.values().stream().allMatch(r -> near(r.approximateArrivalTimestamp())));
    try {
      kinesis.describeStream(r -> r.streamName("nobody"));
      fact("what does not exist is an error", false);
    } catch (ResourceNotFoundException error) {
      String message = error.awsErrorDetails().errorMessage();
      fact("what does not exist is a typed error", message.equals("Stream nobody under account 000000000000 not found."));
    }
    return stored;
  }

  private static void subscription(KinesisClient kinesis, KinesisAsyncClient async, Map<String, Record> stored)
      throws Exception {
    String arn = kinesis.describeStreamSummary(r -> r.streamName(STREAM)).streamDescriptionSummary().streamARN();
    String consumer = kinesis.registerStreamConsumer(r -> r.streamARN(arn).consumerName("reader")).consumer().consumerARN();
    while (kinesis.describeStreamConsumer(r -> r.consumerARN(consumer)).consumerDescription().consumerStatus()
        != ConsumerStatus.ACTIVE) Thread.sleep(50);
    List<Record> read = new ArrayList<>();
    CompletableFuture<String> ended = new CompletableFuture<>();
    SubscribeToShardResponseHandler handler =
        SubscribeToShardResponseHandler.builder()
            .subscriber(
                event -> {
                  if (event instanceof SubscribeToShardEvent one) {
                    read.addAll(one.records());
                    if (one.continuationSequenceNumber() == null) ended.complete(one.childShards().toString());
                  }
                })
            .onError(ended::completeExceptionally)
            .build();
    async.subscribeToShard(
        r ->
            r.consumerARN(consumer)
                .shardId("shardId-000000000000")
                .startingPosition(position -> position.type(ShardIteratorType.TRIM_HORIZON)),
        handler);
    long before = stored.values().stream().filter(r -> !read.contains(r)).count();
    kinesis.splitShard(r -> r.streamName(STREAM).shardToSplit("shardId-000000000000").newStartingHashKey("1000"));
    String children = ended.get(30, TimeUnit.SECONDS);
    fact("a closed shard's subscription ends with its children", children.contains("shardId-000000000002"));
    fact("a subscription over HTTP/2 brings the shard's records", !read.isEmpty() && before > 0
        && read.stream().allMatch(r -> stored.containsKey(r.sequenceNumber()) && near(r.approximateArrivalTimestamp())));
  }

  private static void firehose(FirehoseClient firehose, String name) {
    String id =
        firehose
            .putRecord(r -> r.deliveryStreamName(name).record(record -> record.data(bytes("one\n"))))
            .recordId();
    fact("Firehose takes a record", id != null && !id.isEmpty());
    fact("Firehose lists its streams", firehose.listDeliveryStreams(r -> {}).deliveryStreamNames().contains(name));
  }

  private static StreamStatus summaryStatus(KinesisClient kinesis) {
    return kinesis.describeStreamSummary(r -> r.streamName(STREAM)).streamDescriptionSummary().streamStatus();
  }

  private static boolean near(Instant time) {
    return Duration.between(time, Instant.now()).abs().compareTo(Duration.ofMinutes(1)) < 0;
  }

  private static SdkBytes bytes(String text) {
    return SdkBytes.fromString(text, StandardCharsets.UTF_8);
  }
}
