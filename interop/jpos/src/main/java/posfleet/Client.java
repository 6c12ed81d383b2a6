package posfleet;

import java.io.IOException;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import org.jpos.iso.BaseChannel;
import org.jpos.iso.ISOException;
import org.jpos.iso.ISOMsg;

/**
 * A terminal on jPOS: over one of its channels it signs on, tests the line, pays, reverses the payment
 * and signs off, and says of each answer whether it is what a terminal must have. It exits with 1 when
 * one is not.
 */
public final class Client {
    private static final int[] BROUGHT_BACK = {3, 4, 7, 11, 24, 41, 42, 49, 70};

    private final BaseChannel channel;
    private final Map<String, String> flags;
    private final Version version;
    private int trace = (int) (System.nanoTime() % 900_000);
    private boolean failed;

    private Client(BaseChannel channel, Map<String, String> flags) {
        this.channel = channel;
        this.flags = flags;
        this.version = flags.get("packager").contains("93") ? Version.OF_1993 : Version.OF_1987;
    }

    public static void main(String[] args) throws Exception {
        Map<String, String> flags = Channels.flags(args, Map.of(
                "channel", "NAC", "packager", "iso87ascii", "header", "", "port", "8583",
                "terminal", "10000001", "merchant", "999290054110001",
                "card", "6225000000000014", "expiry", "4912"));
        BaseChannel channel = Channels.channel(flags.get("channel"), flags.get("packager"), flags.get("header"));
        channel.setHost("127.0.0.1", Integer.parseInt(flags.get("port")));
        channel.setTimeout(5000);
        channel.connect();
        Client client = new Client(channel, flags);
        client.play();
        channel.disconnect();
        System.exit(client.failed ? 1 : 0);
    }

    private void play() throws ISOException, IOException {
        exchange("sign-on", "00", management("001", "801"));
        exchange("echo", "00", management("301", "831"));
        ISOMsg paid = payment("000000008800");
        exchange("purchase", "00", paid, 37);
        exchange("the same purchase again", "94", (ISOMsg) paid.clone());
        exchange("a purchase of nothing", "13", payment("000000000000"));
        exchange("reversal", "00", reversal(paid));
        exchange("reversal again", "00", reversal(paid));
        exchange("reversal of what never came", "00", reversal(payment("000000001200")));
        exchange("sign-off", "00", management("002", "802"));
        exchange("a purchase after sign-off", "77", payment("000000008800"));
    }

    private ISOMsg management(String code, String function) throws ISOException {
        ISOMsg m = message("0800", "1804", function);
        if (version == Version.OF_1987) {
            m.set(70, code);
        }
        return m;
    }

    private ISOMsg payment(String amount) throws ISOException {
        ISOMsg m = message("0200", "1200", "200");
        m.set(2, flags.get("card"));
        m.set(3, "000000");
        m.set(4, amount);
        m.set(14, flags.get("expiry"));
        if (version == Version.OF_1987) {
            m.set(22, "012");
            m.set(25, "00");
            m.set(60, "000001"); // a batch
        } else {
            m.set(22, "51010160014C");
        }
        m.set(49, "156");
        return m;
    }

    private ISOMsg reversal(ISOMsg paid) throws ISOException {
        ISOMsg m = (ISOMsg) paid.clone();
        m.set(7, now("MMddHHmmss"));
        String original = paid.getMTI() + paid.getString(11) + paid.getString(version.sent);
        if (version == Version.OF_1987) {
            m.setMTI("0400");
            m.set(39, "98");
            m.set(90, original + "0".repeat(22));
        } else {
            m.setMTI("1420");
            m.set(24, "400");
            m.set(25, "4021");
            m.set(56, original);
        }
        return m;
    }

    private ISOMsg message(String of1987, String of1993, String function) throws ISOException {
        ISOMsg m = new ISOMsg(version == Version.OF_1987 ? of1987 : of1993);
        m.set(7, now("MMddHHmmss"));
        m.set(11, String.format("%06d", ++trace));
        if (version == Version.OF_1993) {
            m.set(12, now("yyMMddHHmmss"));
            m.set(24, function);
        }
        m.set(41, flags.get("terminal"));
        m.set(42, flags.get("merchant"));
        return m;
    }

    private static String now(String pattern) {
        return DateTimeFormatter.ofPattern(pattern).format(LocalDateTime.now());
    }

    /** Sends a request and holds its answer to the code and to the fields that it must have. */
    private void exchange(String name, String code1987, ISOMsg request, int... carried) throws ISOException, IOException {
        String code = version.code(code1987, request);
        channel.send(request);
        ISOMsg answer = channel.receive();
        StringBuilder wrong = new StringBuilder();
        ISOMsg expected = (ISOMsg) request.clone(0);
        expected.setResponseMTI();
        if (!answer.getMTI().equals(expected.getMTI())) {
            wrong.append(" MTI ").append(answer.getMTI());
        }
        if (!code.equals(answer.getString(39))) {
            wrong.append(" code ").append(answer.getString(39)).append(", want ").append(code);
        }
        for (int field : BROUGHT_BACK) {
            if (request.hasField(field) && !request.getString(field).equals(answer.getString(field))) {
                wrong.append(" field ").append(field).append(" is not the request's");
            }
        }
        for (int field : carried) {
            if (!answer.hasField(field)) {
                wrong.append(" no field ").append(field);
            }
        }
        failed |= wrong.length() > 0;
        System.out.println((wrong.length() > 0 ? "FAIL " : "ok   ") + name + wrong);
    }
}
