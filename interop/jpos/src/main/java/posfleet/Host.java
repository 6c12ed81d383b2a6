package posfleet;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import org.jpos.iso.BaseChannel;
import org.jpos.iso.ISOException;
import org.jpos.iso.ISOMsg;
import org.jpos.iso.ISORequestListener;
import org.jpos.iso.ISOServer;
import org.jpos.iso.ISOSource;
import org.jpos.iso.ServerChannel;
import org.jpos.util.ThreadPool;

/**
 * A payment host on jPOS: its server, channels and packagers, and nothing of posfleet. It speaks
 * ISO 8583 of 1987 and, to those who begin with a 1, of 1993, without keys: no MAC, a logon without a key exchange, PIN blocks unread. It listens on
 * loopback and says where; for each line of its standard input it says how many payments stand and what
 * was taken by them, and it ends with it.
 */
public final class Host implements ISORequestListener {
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("MMdd");
    private static final DateTimeFormatter LONG_DATE = DateTimeFormatter.ofPattern("yyMMdd");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HHmmss");
    private static final DateTimeFormatter EXPIRY = DateTimeFormatter.ofPattern("yyMM");

    private final Book book;

    private Host(Book book) {
        this.book = book;
    }

    public static void main(String[] args) throws Exception {
        Map<String, String> flags = Channels.flags(args, Map.of(
                "channel", "NAC", "packager", "iso87ascii", "header", "", "port", "0",
                "terminals", "10000001+1000", // the first number and how many, as 10000001+1000
                "opening", "900000000000", // what is in each account
                "limit", "100000000", // most that one payment may take: above it 61
                "accounts", "")); // those with another balance: NUMBER=BALANCE,…
        Book book = new Book(Long.parseLong(flags.get("opening")), Long.parseLong(flags.get("limit")));
        String[] range = flags.get("terminals").split("\\+");
        for (int i = 0; i < Integer.parseInt(range[1]); i++) {
            book.know(String.format("%08d", Integer.parseInt(range[0]) + i));
        }
        for (String account : flags.get("accounts").split(",")) {
            if (!account.isEmpty()) {
                String[] parts = account.split("=");
                book.open(parts[0], Long.parseLong(parts[1]));
            }
        }

        BaseChannel channel = Channels.channel(flags.get("channel"), flags.get("packager"), flags.get("header"));
        ISOServer server = new ISOServer(Integer.parseInt(flags.get("port")), (ServerChannel) channel, new ThreadPool(1, 200));
        server.setSocketFactory(port -> listen(port));
        server.addISORequestListener(new Host(book));
        Thread thread = new Thread(server, "server");
        thread.setDaemon(true);
        thread.start();
        for (int c; (c = System.in.read()) >= 0; ) {
            if (c == '\n') {
                System.out.println(book.totals());
            }
        }
        System.exit(0);
    }

    private static ServerSocket listen(int port) throws IOException {
        ServerSocket socket = new ServerSocket(port, 200, InetAddress.getLoopbackAddress());
        System.out.println("listening on 127.0.0.1:" + socket.getLocalPort());
        return socket;
    }

    @Override
    public boolean process(ISOSource source, ISOMsg request) {
        try {
            if (request.isRequest()) {
                ISOMsg answer = answer(request);
                source.send(answer);
            }
        } catch (IOException | ISOException | RuntimeException e) {
            System.err.println(e); // the exception's text alone: a message would show the card
        }
        return true;
    }

    private ISOMsg answer(ISOMsg request) throws ISOException {
        Version version = request.getMTI().startsWith("1") ? Version.OF_1993 : Version.OF_1987;
        ISOMsg answer = (ISOMsg) request.clone(version.echoed);
        answer.setResponseMTI();
        LocalDateTime now = LocalDateTime.now();
        if (version == Version.OF_1987) {
            answer.set(12, TIME.format(now));
            answer.set(13, DATE.format(now));
        }
        answer.set(39, version.code(decide(version, request, answer, now), request));
        return answer;
    }

    /** Does what is asked and sets what an approval brings. It returns the response code, as of 1987. */
    private String decide(Version version, ISOMsg request, ISOMsg answer, LocalDateTime now) throws ISOException {
        String terminal = text(request, 41);
        if (request.isNetworkManagement()) {
            return manage(terminal, version.managed(request));
        }
        if (!book.knows(terminal)) {
            return "97";
        }
        if (!request.hasFields(new int[] {3, 11, 41, 42, 49})) {
            return "30";
        }
        if (!book.signedOn(terminal)) {
            return "77";
        }
        String reference = book.reference();
        answer.set(15, version == Version.OF_1987 ? DATE.format(now) : LONG_DATE.format(now));
        answer.set(37, reference);
        String trace = text(request, 11);
        String time = text(request, version.sent);
        long amount = Long.parseLong("0" + text(request, 4));
        if (request.isReversal()) {
            String original = text(request, version.original); // MTI, trace, time, …
            return original.isEmpty()
                    ? book.reverse(terminal, trace, "", amount)
                    : book.reverse(terminal, original.substring(4, 10), original.substring(10, 10 + time.length()), amount);
        }
        String card = text(request, 2);
        String[] track = text(request, 35).split("[=D]", 2);
        if (track.length == 2) {
            card = track[0];
        }
        String refused = refuse(card, track.length == 2 ? track[1] : text(request, 14), now);
        if (!refused.isEmpty()) {
            return refused;
        }
        String code;
        switch (text(request, 0).substring(1) + text(request, 3).substring(0, 2)) {
            case "20000":
                code = book.pay(terminal, trace, time, card, amount, reference);
                break;
            case "22020":
                code = book.refund(terminal, trace, time, card, amount, text(request, 37), reference);
                break;
            case "10031":
            case "20031":
                answer.set(54, String.format("1002%sC%012d", text(request, 49), book.balance(card)));
                return "00";
            default:
                return "12";
        }
        if (code.equals("00")) {
            answer.set(38, reference.substring(6));
        }
        return code;
    }

    private String manage(String terminal, String what) {
        if (what.equals("echo")) {
            return "00";
        }
        if (!book.knows(terminal)) {
            return "97";
        }
        if (what.isEmpty()) {
            return "12";
        }
        book.sign(terminal, what.equals("sign-on"));
        return "00";
    }

    /** The code for a card that no bank would take, or nothing. */
    private static String refuse(String card, String expiry, LocalDateTime now) {
        int sum = 0;
        for (int i = 0; i < card.length(); i++) {
            int digit = card.charAt(card.length() - 1 - i) - '0';
            sum += i % 2 == 0 ? digit : digit * 2 / 10 + digit * 2 % 10;
        }
        if (card.length() < 13 || sum % 10 != 0) {
            return "14";
        }
        return expiry.length() >= 4 && expiry.substring(0, 4).compareTo(EXPIRY.format(now)) < 0 ? "54" : "";
    }

    static String text(ISOMsg m, int field) {
        return m.hasField(field) ? m.getString(field).trim() : "";
    }
}
