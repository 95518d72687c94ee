package penstock;

import static penstock.Facts.fact;

import com.amazonaws.services.dynamodbv2.local.embedded.DynamoDBEmbedded;
import com.amazonaws.services.dynamodbv2.local.shared.access.AmazonDynamoDBLocal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.StreamStatus;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.common.KinesisClientUtil;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.retrieval.RetrievalSpecificConfig;
import software.amazon.kinesis.retrieval.fanout.FanOutConfig;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

/**
 * The unmodified Kinesis Client Library: by polling and by enhanced fan-out it reads a stream, leaves it gracefully to a successor, and finds the children of a shard that is split while it
 * reads, with its leases in DynamoDB Local. Arguments: the door's address, `polling` or `fan-out`.
 */
public final class KclConformance {
  private static final int RECORDS_A_ROUND = 500;
  /** The middle of the first of two shards. */
  private static final String QUARTER = BigInteger.ONE.shiftLeft(126).toString();

  private KclConformance() {}

  public static void main(String[] arguments) {
    int code = 0;
    try {
      readAll(arguments);
    } catch (Throwable error) {
      error.printStackTrace();
      code = 1;
    }
    // Its threads would keep the process for ever.
    System.exit(code);
  }

  private static void readAll(String[] arguments) throws Exception {
    String way = arguments[1];
    String stream = "kcl-" + way;
    AmazonDynamoDBLocal dynamo = DynamoDBEmbedded.create();
    KinesisAsyncClient kinesis =
        KinesisClientUtil.createKinesisAsyncClient(
            KinesisAsyncClient.builder()
                .endpointOverride(Facts.endpoint(arguments))
                .region(Facts.REGION)
                .credentialsProvider(Facts.credentials()));
    // Nothing is sent to it: the library only wants to have one.
    CloudWatchAsyncClient cloudWatch =
        CloudWatchAsyncClient.builder()
            .endpointOverride(Facts.endpoint(arguments))
            .region(Facts.REGION)
            .credentialsProvider(Facts.credentials())
            .build();
    kinesis.createStream(r -> r.streamName(stream).shardCount(2)).get();
    active(kinesis, stream);

    Set<String> ended = ConcurrentHashMap.newKeySet();
    Set<String> before = ConcurrentHashMap.newKeySet();
    put(kinesis, stream, 0);
    Scheduler first = schedulerOf(way, stream, dynamo.dynamoDbAsyncClient(), kinesis, cloudWatch, before, ended);
    Thread worker = started(first);
    until(() -> before.size() >= RECORDS_A_ROUND);
    fact("records put before the start are read", before.size() == RECORDS_A_ROUND);

    // Before the split: the library waits for each lease, and that of a shard that has ended is kept for five minutes.
    boolean asked = first.startGracefulShutdown().get(120, TimeUnit.SECONDS);
    worker.join(TimeUnit.SECONDS.toMillis(60));
    fact("a graceful shutdown ends by itself, and every reader was asked to leave", asked && !worker.isAlive());

    put(kinesis, stream, 1);
    Set<String> read = ConcurrentHashMap.newKeySet();
    started(schedulerOf(way, stream, dynamo.dynamoDbAsyncClient(), kinesis, cloudWatch, read, ended));
    until(() -> read.size() >= RECORDS_A_ROUND);
    fact(
        "a successor reads what came after the shutdown, and nothing again",
        read.size() == RECORDS_A_ROUND && read.stream().allMatch(text -> text.startsWith("1/")));

    kinesis.splitShard(r -> r.streamName(stream).shardToSplit("shardId-000000000000").newStartingHashKey(QUARTER)).get();
    active(kinesis, stream);
    put(kinesis, stream, 2);
    until(() -> read.size() >= 2 * RECORDS_A_ROUND);
    fact("the children of a split are found and read", read.size() == 2 * RECORDS_A_ROUND && !ended.isEmpty());
  }

  private static Thread started(Scheduler scheduler) {
    Thread worker = new Thread(scheduler);
    worker.setDaemon(true);
    worker.start();
    return worker;
  }

  /** A worker of its own, with the application's leases. */
  private static Scheduler schedulerOf(
      String way,
      String stream,
      DynamoDbAsyncClient leases,
      KinesisAsyncClient kinesis,
      CloudWatchAsyncClient cloudWatch,
      Set<String> read,
      Set<String> ended) {
    ConfigsBuilder configs =
        new ConfigsBuilder(
            stream,
            "application-" + way,
            kinesis,
            leases,
            cloudWatch,
            UUID.randomUUID().toString(),
            () -> new Reader(read, ended));
    RetrievalSpecificConfig retrieval =
        way.equals("polling")
            ? new PollingConfig(stream, kinesis).idleTimeBetweenReadsInMillis(200)
            : new FanOutConfig(kinesis).streamName(stream).applicationName("application-" + way);
    return new Scheduler(
            configs.checkpointConfig(),
            configs.coordinatorConfig().shardConsumerDispatchPollIntervalMillis(200).parentShardPollIntervalMillis(500),
            configs.leaseManagementConfig().failoverTimeMillis(2_000).leasesRecoveryAuditorExecutionFrequencyMillis(2_000).shardSyncIntervalMillis(2_000),
            configs.lifecycleConfig(),
            configs.metricsConfig().metricsFactory(new NullMetricsFactory()),
            configs.processorConfig(),
            configs
                .retrievalConfig()
                .initialPositionInStreamExtended(
                    InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON))
                .retrievalSpecificConfig(retrieval));
  }

  private static void put(KinesisAsyncClient kinesis, String stream, int round) throws Exception {
    var entries =
        IntStream.range(0, RECORDS_A_ROUND)
            .mapToObj(
                i ->
                    PutRecordsRequestEntry.builder()
                        .partitionKey("key " + i)
                        .data(SdkBytes.fromUtf8String(round + "/" + i))
                        .build())
            .toList();
    int failed = kinesis.putRecords(r -> r.streamName(stream).records(entries)).get().failedRecordCount();
    fact("round " + round + " is put", failed == 0);
  }

  private static void active(KinesisAsyncClient kinesis, String stream) throws Exception {
    while (kinesis.describeStreamSummary(r -> r.streamName(stream)).get().streamDescriptionSummary().streamStatus()
        != StreamStatus.ACTIVE) Thread.sleep(50);
  }

  private static void until(java.util.function.BooleanSupplier holds) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
    while (!holds.getAsBoolean() && System.nanoTime() < deadline) Thread.sleep(100);
  }

  private static final class Reader implements ShardRecordProcessor {
    private final Set<String> read;
    private final Set<String> ended;
    private String shard;

    Reader(Set<String> read, Set<String> ended) {
      this.read = read;
      this.ended = ended;
    }

    @Override
    public void initialize(InitializationInput input) {
      shard = input.shardId();
    }

    @Override
    public void processRecords(ProcessRecordsInput input) {
      input.records().forEach(record -> read.add(StandardCharsets.UTF_8.decode(record.data()).toString()));
      checkpoint(input.checkpointer());
    }

    @Override
    public void leaseLost(LeaseLostInput input) {}

    @Override
    public void shardEnded(ShardEndedInput input) {
      ended.add(shard);
      checkpoint(input.checkpointer());
    }

    @Override
    public void shutdownRequested(ShutdownRequestedInput input) {
      checkpoint(input.checkpointer());
    }

    private static void checkpoint(software.amazon.kinesis.processor.RecordProcessorCheckpointer checkpointer) {
      try {
        checkpointer.checkpoint();
      } catch (Exception error) {
        throw new IllegalStateException(error);
      }
    }
  }
}
