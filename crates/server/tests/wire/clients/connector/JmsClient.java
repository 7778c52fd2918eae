import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;

import javax.jms.BytesMessage;
import javax.jms.DeliveryMode;
import javax.jms.Destination;
import javax.jms.JMSException;
import javax.jms.Message;
import javax.jms.MessageProducer;
import javax.jms.Session;
import javax.jms.TextMessage;

import org.apache.activemq.ActiveMQConnection;
import org.apache.activemq.ActiveMQConnectionFactory;
import org.apache.activemq.transport.DefaultTransportListener;

/**
 * A client of the connector as those in the field are: JMS over OpenWire, requests to a queue, events from a topic.
 * It does what lines on its input say and tells on its output what happened, one line each (see {@link Words}).
 *
 * <pre>
 * in   queue NAME           requests go there; Connector1 unless told otherwise
 *      destination NAME     hears the topic NAME
 *      serve NAME           hears the queue NAME, as the connector does
 *      correlate ID         the next message has this JMSCorrelationID
 *      reply NAME           the next message has this topic as its JMSReplyTo
 *      category NAME        the next message has this string property
 *      send TYPE [BODY]     a TextMessage to the queue; without a body its body is null
 *      bytes TYPE BODY      the same as a BytesMessage of UTF-8
 *      tell NAME BODY       a TextMessage without JMSType to the topic NAME
 *      quit                 (or the end of the input)
 * out  connected
 *      hearing topic://NAME
 *      message from=... kind=text|bytes|other [type=] [correlation=] [category=] [reply=] [body=]
 *      interrupted          the connection broke; failover looks for the broker
 *      resumed              it is there again
 *      ended
 * </pre>
 */
public final class JmsClient {
    /** Java's own standard output writes in the locale's encoding. */
    private static final PrintStream OUT =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

    private final Session sending;
    /** A session belongs to one thread; this one's is the one that hears. */
    private final Session hearing;
    private final MessageProducer producer;
    private String queue = "Connector1";
    private String correlation;
    private String reply;
    private String category;

    private JmsClient(ActiveMQConnection connection) throws JMSException {
        sending = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        hearing = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        producer = sending.createProducer(null);
        producer.setDeliveryMode(DeliveryMode.NON_PERSISTENT);
        producer.setPriority(0);
    }

    /** The one argument is the broker's URL. */
    public static void main(String[] arguments) throws JMSException, IOException {
        ActiveMQConnection connection =
            (ActiveMQConnection) new ActiveMQConnectionFactory(arguments[0]).createConnection();
        AtomicBoolean broken = new AtomicBoolean();
        connection.addTransportListener(new DefaultTransportListener() {
            @Override
            public void transportInterupted() {
                broken.set(true);
                say("interrupted");
            }

            @Override
            public void transportResumed() {
                // Failover says so of its first connection as well: that is no news.
                if (broken.getAndSet(false)) {
                    say("resumed");
                }
            }
        });
        connection.start();
        say("connected");
        JmsClient client = new JmsClient(connection);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null && !line.equals("quit"); line = in.readLine()) {
            client.obey(line.split(" ", -1));
        }
        say("ended");
        // Not by closing the connection: that would wait for a broker which is away.
        Runtime.getRuntime().halt(0);
    }

    private void obey(String[] words) throws JMSException {
        String first = Words.read(words[1]);
        String second = words.length > 2 ? Words.read(words[2]) : null;
        switch (words[0]) {
            case "queue" -> queue = first;
            case "destination" -> hear(hearing.createTopic(first));
            case "serve" -> hear(hearing.createQueue(first));
            case "correlate" -> correlation = first;
            case "reply" -> reply = first;
            case "category" -> category = first;
            case "send" -> send(sending.createQueue(queue), sending.createTextMessage(second), first);
            case "bytes" -> {
                BytesMessage message = sending.createBytesMessage();
                message.writeBytes(second.getBytes(StandardCharsets.UTF_8));
                send(sending.createQueue(queue), message, first);
            }
            case "tell" -> send(sending.createTopic(first), sending.createTextMessage(second), null);
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    private void send(Destination to, Message message, String type) throws JMSException {
        message.setJMSType(type);
        message.setJMSCorrelationID(correlation);
        if (reply != null) {
            message.setJMSReplyTo(sending.createTopic(reply));
        }
        if (category != null) {
            message.setStringProperty("category", category);
        }
        producer.send(to, message);
        correlation = null;
        reply = null;
        category = null;
    }

    private void hear(Destination from) throws JMSException {
        hearing.createConsumer(from).setMessageListener(message -> {
            try {
                say(lineOf(message));
            } catch (JMSException trouble) {
                throw new IllegalStateException(trouble);
            }
        });
        say("hearing " + Words.write(from.toString()));
    }

    private static String lineOf(Message message) throws JMSException {
        String kind = "other";
        String body = null;
        if (message instanceof TextMessage text) {
            kind = "text";
            body = text.getText();
        } else if (message instanceof BytesMessage bytes) {
            kind = "bytes";
            byte[] all = new byte[(int) bytes.getBodyLength()];
            bytes.readBytes(all);
            body = new String(all, StandardCharsets.UTF_8);
        }
        Destination reply = message.getJMSReplyTo();
        return "message" + pair("from", message.getJMSDestination().toString())
            + pair("kind", kind)
            + pair("type", message.getJMSType())
            + pair("correlation", message.getJMSCorrelationID())
            + pair("category", message.getStringProperty("category"))
            + pair("reply", reply == null ? null : reply.toString())
            + pair("body", body);
    }

    /** Nothing when there is no such value. */
    private static String pair(String name, String value) {
        return value == null ? "" : " " + name + "=" + Words.write(value);
    }

    private static synchronized void say(String line) {
        OUT.println(line);
    }
}
