// Reads JSON into a class that java_types.mjs has made: java -cp … ReadMessage PACKAGE < message.json
public class ReadMessage {
    public static void main(String[] arguments) throws Exception {
        var json = new String(System.in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        var converter = Class.forName(arguments[0] + ".Converter");
        var message = converter.getMethod("fromJsonString", String.class).invoke(null, json);
        var type = said(message, "Type");
        System.out.println(said(message, "ID") + " " + type.getClass().getMethod("toValue").invoke(type)
            + " " + said(message, "Time"));
        java.util.Objects.requireNonNull(said(message, "Data"));
    }

    static Object said(Object message, String field) throws Exception {
        return message.getClass().getMethod("get" + field).invoke(message);
    }
}
