package posfleet;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jpos.core.ConfigurationException;
import org.jpos.core.SimpleConfiguration;
import org.jpos.iso.BaseChannel;
import org.jpos.iso.ISOException;
import org.jpos.iso.ISOUtil;
import org.jpos.iso.channel.ASCIIChannel;
import org.jpos.iso.channel.AmexChannel;
import org.jpos.iso.channel.BASE24TCPChannel;
import org.jpos.iso.channel.BCDChannel;
import org.jpos.iso.channel.CSChannel;
import org.jpos.iso.channel.HEXChannel;
import org.jpos.iso.channel.NACChannel;
import org.jpos.iso.channel.NCCChannel;
import org.jpos.iso.channel.PostChannel;
import org.jpos.iso.channel.RawChannel;
import org.jpos.iso.channel.VAPChannel;
import org.jpos.iso.packager.GenericPackager;

/** What the command lines of host and client have in common: jPOS' channels and packagers by name. */
final class Channels {
    private static final Map<String, Class<? extends BaseChannel>> BY_NAME = new TreeMap<>(Map.ofEntries(
            Map.entry("AMEX", AmexChannel.class),
            Map.entry("ASCII", ASCIIChannel.class),
            Map.entry("BASE24TCP", BASE24TCPChannel.class),
            Map.entry("BCD", BCDChannel.class),
            Map.entry("CS", CSChannel.class),
            Map.entry("HEX", HEXChannel.class),
            Map.entry("NAC", NACChannel.class),
            Map.entry("NCC", NCCChannel.class),
            Map.entry("Post", PostChannel.class),
            Map.entry("Raw", RawChannel.class),
            Map.entry("VAP", VAPChannel.class)));

    private Channels() {}

    /**
     * A channel of jPOS over a packager, with a routing header if one is given.
     *
     * @param name     such as NAC
     * @param packager one in jPOS' jar (iso87ascii, …) or a file, which has a dot in its name
     * @param header   hexadecimal digits, or empty for none; VAP makes its own
     */
    static BaseChannel channel(String name, String packager, String header)
            throws ISOException, IOException, ConfigurationException {
        Class<? extends BaseChannel> of = BY_NAME.get(name);
        if (of == null) {
            throw new IllegalArgumentException("--channel " + name + ": want one of " + BY_NAME.keySet());
        }
        BaseChannel channel;
        try {
            channel = of.getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
        Properties p = new Properties();
        if (name.equals("VAP")) { // its header's destination and source
            p.setProperty("srcid", "654321");
            p.setProperty("dstid", "123456");
        }
        channel.setConfiguration(new SimpleConfiguration(p));
        channel.setPackager(new GenericPackager(packager.contains(".") ? packager : "jar:packager/" + packager + ".xml"));
        if (!header.isEmpty()) {
            channel.setHeader(ISOUtil.hex2byte(header));
        }
        return channel;
    }

    /** The flags of a command line, --name value each, over what they are when left out. */
    static Map<String, String> flags(String[] args, Map<String, String> defaults) {
        Map<String, String> flags = new HashMap<>(defaults);
        for (int i = 0; i < args.length; i += 2) {
            String name = args[i].replaceFirst("^--", "");
            if (!args[i].startsWith("--") || !defaults.containsKey(name) || i + 1 == args.length) {
                throw new IllegalArgumentException(args[i] + ": want --name value with " + new TreeMap<>(defaults).keySet());
            }
            flags.put(name, args[i + 1]);
        }
        return flags;
    }
}
