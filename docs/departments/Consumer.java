// A department's own consumer: it signs what it is given to lead. Run: java -cp 'jars/*' Consumer.java
import com.fasterxml.jackson.databind.*;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.*;

public class Consumer {
  public static void main(String[] args) throws Exception {
    var prefix = System.getenv().getOrDefault("GRIDCASE_PREFIX", "");
    var me = System.getenv("DEPARTMENT");
    Map<String, Object> kafka = Map.of("bootstrap.servers", System.getenv("KAFKA_BOOTSTRAP_SERVERS"));
    Map<String, Object> reading = new HashMap<>(Map.of("group.id", prefix + "department-" + me + ".desk",
        "auto.offset.reset", "earliest", "enable.auto.commit", "false"));
    reading.putAll(kafka);
    var json = new ObjectMapper();
    try (var in = new KafkaConsumer<>(reading, new StringDeserializer(), new StringDeserializer());
         var out = new KafkaProducer<>(kafka, new StringSerializer(), new StringSerializer())) {
      in.subscribe(List.of(prefix + "assignments." + me));
      while (true) {
        for (var record : in.poll(Duration.ofSeconds(1))) {
          var event = json.readTree(record.value());
          var data = event.get("data");
          if (!event.path("type").asText().equals("assignment.created.v1") || !data.path("role").asText().equals("lead")) continue;
          var update = json.writeValueAsString(Map.of("update_id", "sign-" + event.get("id").asText(),
              "case_id", data.get("case_id").asText(), "action", "sign", "at", data.get("at").asText(), "by", "desk@" + me));
          out.send(new ProducerRecord<>(prefix + "updates." + me, record.key(), update)).get();
        }
        in.commitSync();
      }
    }
  }
}
