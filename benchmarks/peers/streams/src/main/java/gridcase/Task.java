package gridcase;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** The task on Kafka Streams, exactly once, with its default store (RocksDB and a changelog). */
public final class Task {
  private static final String STORE = "cases";

  public static void main(String[] arguments) throws InterruptedException {
    String bootstrap = arguments[0], group = arguments[1], source = arguments[2];
    String target = arguments[3], folder = arguments[4], threads = arguments[5];
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, group);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
    settings.put("auto.offset.reset", "earliest");

    StreamsBuilder builder = new StreamsBuilder();
    builder.addStateStore(
        Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.String()));
    builder.stream(source, Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .processValues(Counting::new, STORE)
        .to(target, Produced.with(Serdes.String(), Serdes.ByteArray()));
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    CountDownLatch ended = new CountDownLatch(1);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          ended.countDown();
          return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler
              .StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.start();
    ended.await();
    System.exit(1);
  }

  private static final class Counting implements FixedKeyProcessor<String, byte[], byte[]> {
    private final ObjectMapper json = new ObjectMapper();
    private FixedKeyProcessorContext<String, byte[]> context;
    private KeyValueStore<String, String> cases;

    @Override
    public void init(FixedKeyProcessorContext<String, byte[]> context) {
      this.context = context;
      this.cases = context.getStateStore(STORE);
    }

    @Override
    public void process(FixedKeyRecord<String, byte[]> record) {
      try {
        JsonNode event = json.readTree(record.value());
        String known = cases.get(record.key());
        int came = known == null ? 1 : Integer.parseInt(known.substring(0, known.indexOf(' '))) + 1;
        String type = event.get("type").asText();
        cases.put(record.key(), came + " " + type);
        context.forward(record.withValue(json.writeValueAsBytes(answer(event, type, came))));
      } catch (java.io.IOException error) {
        throw new java.io.UncheckedIOException(error);
      }
    }

    private ObjectNode answer(JsonNode event, String type, int came) {
      String cause = event.get("id").asText();
      String named = "event " + cause + " sla 0";
      String time = OffsetDateTime.parse(event.get("time").asText()).toString();
      ObjectNode answer = json.createObjectNode();
      answer.put("specversion", "1.0");
      answer.put("id", UUID.nameUUIDFromBytes(named.getBytes(StandardCharsets.UTF_8)).toString());
      answer.put("source", "/services/sla");
      answer.put("type", "case.deadline-set.v1");
      answer.put("subject", event.get("subject").asText());
      answer.put("time", time);
      answer.put("datacontenttype", "application/json");
      answer.put("partitionkey", event.get("subject").asText());
      answer.put("causationid", cause);
      ObjectNode data = answer.putObject("data");
      data.putArray("deadlines");
      data.put("why", type + " is number " + came);
      return answer;
    }
  }
}
