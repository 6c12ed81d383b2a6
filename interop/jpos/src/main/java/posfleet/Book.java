package posfleet;

import java.util.HashMap;
import java.util.Map;

/** Accounts, and what terminals paid from them. Amounts are in the smallest unit of the currency. */
final class Book {
    /** One payment or refund that got as far as the book, declined ones included. */
    private static final class Entry {
        final String account;
        final long amount;
        long moved;     // what was put into the account and stands; less than zero for a payment
        long refunded;  // of a payment, by refunds that stand
        Entry original; // of a refund

        Entry(String account, long amount) {
            this.account = account;
            this.amount = amount;
        }
    }

    /** What is known of one terminal. */
    private static final class Terminal {
        boolean signedOn;
        final Map<String, Entry> traces = new HashMap<>(); // by trace number, since it last signed on
        final Map<String, Entry> sent = new HashMap<>();   // by trace number and time of sending
    }

    private final long opening; // what is in an account that has not been named
    private final long limit;   // most that one payment may take
    private final Map<String, Long> balances = new HashMap<>();
    private final Map<String, Terminal> terminals = new HashMap<>();
    private final Map<String, Entry> byReference = new HashMap<>();
    private long references;
    private long count, taken; // payments that stand, and money that was taken and not given back

    Book(long opening, long limit) {
        this.opening = opening;
        this.limit = limit;
    }

    void open(String account, long balance) {
        balances.put(account, balance);
    }

    void know(String terminal) {
        terminals.put(terminal, new Terminal());
    }

    synchronized boolean knows(String terminal) {
        return terminals.containsKey(terminal);
    }

    /** Signing on begins the terminal's trace numbers anew. */
    synchronized void sign(String terminal, boolean on) {
        Terminal t = terminals.get(terminal);
        t.signedOn = on;
        t.traces.clear();
    }

    synchronized boolean signedOn(String terminal) {
        return terminals.get(terminal).signedOn;
    }

    synchronized long balance(String account) {
        return balances.getOrDefault(account, opening);
    }

    /** A reference number that no other answer has. */
    synchronized String reference() {
        return String.format("%012d", ++references);
    }

    /** Takes a payment. The answer's code is 00, or 13, 51, 61 or 94. */
    synchronized String pay(String terminal, String trace, String time, String account, long amount, String reference) {
        Entry e = new Entry(account, amount);
        if (!begin(terminal, trace, time, e)) {
            return "94";
        }
        if (amount == 0) {
            return "13";
        }
        if (amount > limit) {
            return "61";
        }
        if (amount > balance(account)) {
            return "51";
        }
        move(e, -amount);
        byReference.put(reference, e);
        count++;
        return "00";
    }

    /** Gives a part of a payment back, which its reference names. The answer's code is 00, or 25, 64 or 94. */
    synchronized String refund(String terminal, String trace, String time, String account, long amount, String original, String reference) {
        Entry e = new Entry(account, amount);
        if (!begin(terminal, trace, time, e)) {
            return "94";
        }
        Entry paid = byReference.get(original);
        if (paid == null || paid.moved >= 0 || !paid.account.equals(account)) {
            return "25";
        }
        if (paid.refunded + amount > paid.amount) {
            return "64";
        }
        paid.refunded += amount;
        e.original = paid;
        move(e, amount);
        return "00";
    }

    /**
     * Undoes a payment, once. One that never came is remembered, so that it is not taken when it
     * comes after all. The answer's code is 00, 25 or 64.
     */
    synchronized String reverse(String terminal, String trace, String time, long amount) {
        Terminal t = terminals.get(terminal);
        Entry e = time.isEmpty() ? t.traces.get(trace) : t.sent.get(trace + time);
        if (e == null) {
            begin(terminal, trace, time, new Entry("", amount));
            return "00";
        }
        if (e.amount != amount) {
            return "64";
        }
        if (e.refunded > 0) {
            return "25";
        }
        if (e.moved != 0) {
            move(e, -e.moved);
            if (e.original != null) {
                e.original.refunded -= amount;
            } else {
                count--;
            }
        }
        return "00";
    }

    /** What stands, for the one who compares it with what terminals say. */
    synchronized String totals() {
        return "book " + count + " " + taken;
    }

    private boolean begin(String terminal, String trace, String time, Entry e) {
        Terminal t = terminals.get(terminal);
        if (t.traces.putIfAbsent(trace, e) != null) {
            return false;
        }
        t.sent.put(trace + time, e);
        return true;
    }

    private void move(Entry e, long amount) {
        balances.put(e.account, balance(e.account) + amount);
        e.moved += amount;
        taken -= amount;
    }
}
