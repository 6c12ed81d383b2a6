package posfleet;

import java.util.Map;
import org.jpos.iso.ISOException;
import org.jpos.iso.ISOMsg;

/** In what the standard's two versions differ for a host. */
enum Version {
    OF_1987(7, 90, 70, Map.of("001", "sign-on", "002", "sign-off", "301", "echo"), 0, 3, 4, 7, 11, 22, 25, 41, 42, 49, 60, 70),
    OF_1993(12, 56, 24, Map.of("801", "sign-on", "802", "sign-off", "831", "echo"), 0, 3, 4, 7, 11, 12, 22, 24, 41, 42, 49, 60);

    /** Action codes of 1993 for response codes of 1987; those of approvals depend on the message. */
    private static final Map<String, String> ACTIONS = Map.ofEntries(
            Map.entry("12", "902"), Map.entry("13", "110"), Map.entry("14", "111"), Map.entry("25", "914"),
            Map.entry("30", "904"), Map.entry("51", "116"), Map.entry("54", "101"), Map.entry("61", "121"),
            Map.entry("64", "902"), Map.entry("77", "918"), Map.entry("94", "913"), Map.entry("97", "109"));

    /** The field that says when a message was sent, which with the trace number is its name. */
    final int sent;

    /** The field of a reversal that names its original: MTI, trace number, and what sent is. */
    final int original;

    /** The fields that an answer brings back, the MTI among them. */
    final int[] echoed;

    private final int management;
    private final Map<String, String> functions;

    Version(int sent, int original, int management, Map<String, String> functions, int... echoed) {
        this.sent = sent;
        this.original = original;
        this.management = management;
        this.functions = functions;
        this.echoed = echoed;
    }

    /** What a message of network management asks for, sign-on, sign-off or echo; empty for another thing. */
    String managed(ISOMsg request) {
        return functions.getOrDefault(Host.text(request, management), "");
    }

    /** The value of field 39 for a response code of 1987. */
    String code(String code, ISOMsg request) throws ISOException {
        if (this == OF_1987) {
            return code;
        }
        if (code.equals("00")) {
            return request.isNetworkManagement() ? "800" : request.isReversal() ? "400" : "000";
        }
        return ACTIONS.get(code);
    }
}
