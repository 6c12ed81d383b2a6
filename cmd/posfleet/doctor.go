package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

func doctorCommand() *cobra.Command {
	var f networkFlags
	var port int
	cmd := &cobra.Command{
		Use:   "doctor --host address | capture",
		Short: "why does this host not answer me? and what to change in the profile",
		Long: "Connects to a host, sends it an echo test, a sign-on and a balance inquiry with the card of role good, as far as\n" +
			"the network has them (in a network that has none of the three, a purchase of the least amount, which it voids), says\n" +
			"what it sends before it does, and tells down to the cause why they do not work: refused, TLS, silent, another framing,\n" +
			"header, encoding or dialect, an answer that does not pair, a terminal that the host does not know, keys that\n" +
			"differ. A host that does not answer is asked in other ways, one connection each. It ends with the lines of the\n" +
			"profile or the dialect file to change, and exits 0 if there are none. Of a capture (pcap, pcapng, a dump) it\n" +
			"says without a host how its messages read, whether keys and MACs are those of the profile, which rules answers\n" +
			"break, and what could not be judged.\n\n" + exitHelp,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.load(0)
			if err != nil {
				return err
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			defer out.Flush()
			switch {
			case len(args) == 1 && f.host != "":
				return usage(errors.New("doctor looks at a host or at a capture, not at both: leave one out"))
			case len(args) == 1:
				return examineCapture(cmd.InOrStdin(), out, p, f.profile != "", args, port)
			case p.Address == "":
				return usage(errors.New("doctor wants a host: --host address:port, an address in the profile, or a capture"))
			}
			d := doctor{ctx: cmd.Context(), out: out, profile: p, flags: &f, clock: line.NewClock(), wait: cmp.Or(f.timeout, min(p.Policy.Timeout, 3*time.Second))}
			if err := d.examine(); d.step == "" || d.ctx.Err() == nil {
				return err
			}
			return cutOff(d.ctx, d.step+", and what comes after it, was not examined")
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.host, "host", "", "address of the host, host:port (default: the profile's)")
	fl.StringVar(&f.profile, "profile", "", "profile file of the network (default: the bundled network)")
	fl.StringVar(&f.dialect, "dialect", "", dialectUsage)
	fl.BoolVar(&f.testKeys, "allow-test-keys", false, "let published test keys meet a host on another machine")
	fl.DurationVar(&f.timeout, "timeout", 0, "how long to wait for an answer (default: the profile's, at most 3s)")
	fl.IntVar(&port, "port", 0, "of a capture, the host's TCP port")
	return cmd
}

// doctor examines one host.
type doctor struct {
	ctx     context.Context
	out     *bufio.Writer
	profile *profile.Profile
	flags   *networkFlags
	dialer  *line.Dialer
	clock   *line.Clock
	wait    time.Duration
	step    string       // what is examined; empty when all has been
	heard   atomic.Int64 // answers that read
}

// begins notes what is examined next.
func (d *doctor) begins(step string) {
	if d.ctx.Err() == nil {
		d.step = step
	}
}

// patience is how long a host is waited for to know whether it answers at all, which a
// short timeout does not tell.
func (d *doctor) patience() time.Duration { return max(d.wait, 500*time.Millisecond) }

// says writes one finding: what was looked at, and what came of it. Of what a signal has
// ended nothing was found.
func (d *doctor) says(what, format string, args ...any) {
	if d.ctx.Err() == nil {
		d.writes(what, format, args...)
	}
}

func (d *doctor) writes(what, format string, args ...any) {
	fmt.Fprintf(d.out, "%-9s %s\n", what, fmt.Sprintf(format, args...))
	d.out.Flush()
}

// ill ends an examination: what is wrong, and the lines of the profile to change, or of
// a dialect file ("in the file of dialect bank: …").
func (d *doctor) ill(lines []string, format string, args ...any) *exit {
	if d.ctx.Err() != nil { // whoever called is told so
		lines = nil
	} else {
		d.step = ""
	}
	changes(d.out, lines)
	return &exit{code: exitUnreachable, err: fmt.Errorf(format, args...)}
}

// examine looks at one thing after another, up to the first that is wrong.
func (d *doctor) examine() error {
	d.dialer = &line.Dialer{Address: d.profile.Address, Timeout: 5 * time.Second}
	if d.profile.TLS != nil {
		var err error
		if d.dialer.TLS, err = clientTLS(d.profile.TLS, d.profile.Address, &profile.Files{}); err != nil {
			return usage(err)
		}
	}
	d.says("host", "%s, as terminal %s, in dialect %s, length %s, header %s", d.dialer.Address, strings.TrimSpace(d.profile.Terminals[0].TID),
		d.profile.Dialect.Name, d.profile.Dialect.Length, cmp.Or(fmt.Sprintf("%X", d.profile.Head), "none"))
	conn, err := d.connects()
	if err != nil {
		return err
	}
	defer conn.Close()
	w, err := d.answers(conn)
	if err != nil {
		return err
	}
	return d.signsIn(w)
}

// connects sees whether there is a connection to be had, and gives it: a host may not
// take another beside it.
func (d *doctor) connects() (net.Conn, error) {
	d.begins("whether there is a connection to be had")
	began := time.Now()
	conn, err := d.dialer.Dial(d.ctx)
	if errors.Is(err, syscall.ECONNRESET) { // which one connection may be at a host that serves many
		d.says("connect", "fails: %v; once more", err)
		began = time.Now()
		conn, err = d.dialer.Dial(d.ctx)
	}
	if err == nil {
		d.says("connect", "in %s, %s", time.Since(began).Round(10*time.Microsecond), map[bool]string{true: "TLS", false: "plain TCP"}[d.dialer.TLS != nil])
		return conn, nil
	}
	d.says("connect", "fails: %v", err)
	n := network{profile: d.profile, dialer: d.dialer}
	hint := n.hint(d.ctx, err, "")
	var dns *net.DNSError
	var late net.Error
	switch {
	case hint != "":
	case errors.As(err, &dns):
		hint = "that name has no address: is it spelt as it should be, does this machine ask the right name server?"
	case errors.As(err, &late) && late.Timeout():
		hint = "nothing comes back at all: does a firewall between here and there drop it, is the machine up?"
	case strings.Contains(err.Error(), "refused"):
		hint = "the machine is there and nothing listens on that port: is the host started, is it another port?"
	}
	return nil, &exit{code: exitUnreachable, err: fmt.Errorf("host %s cannot be reached: %w", d.dialer.Address, err), hint: hint}
}

// asked is what came of asking a host something in one way.
type asked struct {
	way
	tap          *tap
	player       *sim.Player
	what         string          // what was asked last: "echo test", "sign-on"
	began        *errand         // that it was asked first
	result       sim.Result      // of it
	undone       string          // what took a purchase back, and what came of that; empty where there was none
	sent         *wire.Message   // the request
	keys         []byte          // the working keys that an answer brought
	covered, mac []byte          // of the last answer, what its MAC covers and the MAC
	shown        map[string]bool // keys of encoding of which an answer has shown that they are right
	should       []*rules.Broken // of the last answer, the rules that it should keep and does not
}

// player readies terminal 1 to speak in a way.
func (d *doctor) player(w way) *asked {
	p := w.profile
	mode, _ := line.ParseMode(p.Line)
	a := &asked{way: w, shown: map[string]bool{}, tap: &tap{answers: &d.heard, ctx: d.ctx, dialer: d.dialer, dialect: p.Dialect, clock: d.clock, each: mode.Each}}
	t := sim.NewTerminal(p, &p.Terminals[0])
	t.Link = a.tap
	t.PowerOn()
	t.Operator = p.Cashier().Number
	a.player = sim.NewPlayer(p.Dialect, d.clock)
	a.player.T = t
	if p.Dialect.Form(dialect.SignIn) == nil {
		a.player.SignIn() // there is no logon: nothing is sent, and it may pay
	}
	a.player.Each = func(request, answer *wire.Message, r *sim.Result) {
		a.sent = p.Dialect.NewMessage()
		a.sent.CopyValues(request)
		if k := answer.Get(wire.WorkingKeys); len(k) > 0 {
			a.keys = bytes.Clone(k)
		}
		a.should = nil
		if r.Outcome <= report.Declined {
			a.should = a.player.Broken(r)
		}
		a.shows(request, answer, r)
		covered, mac := answer.MACSpan()
		a.covered, a.mac = bytes.Clone(covered), bytes.Clone(mac)
	}
	return a
}

// answers finds a way in which the host answers: the profile's, on the connection that
// there is, or another.
func (d *doctor) answers(conn net.Conn) (*asked, error) {
	d.begins("whether the host answers")
	a := d.player(way{profile: d.profile})
	a.tap.use(conn)
	a.tap.longer = d.patience()
	q := a.first()
	if q == nil {
		return nil, usage(fmt.Errorf("there is nothing to ask a host with: dialect %s has no echo test and no sign-in, and for a balance inquiry or a purchase dialect or profile lack the form or a card of role good",
			d.profile.Dialect.Name))
	}
	d.says("sends", "%s", q.said)
	r := a.ask(q, d.wait)
	again := a.tap.ended != "" && a.tap.heard.Len() == 0 && !a.player.T.Owes()
	if again { // one connection may be lost, whatever is said on it
		if err := d.hungUp(a); err != nil {
			return nil, err
		}
		d.says("sends", "it once more, on a new connection")
		r = a.ask(q, d.wait)
	}
	switch {
	case r.Outcome == report.Unsent && !errors.Is(r.Why, line.ErrUnsent):
		return nil, usage(fmt.Errorf("the terminal does not send the %s: %w", a.what, r.Reason()))
	case a.tap.echoed:
		d.hears(a, "the %s itself comes back", a.what)
		return nil, d.ill(nil, "%s sends back what it is sent: it is an echo server, and no host of a network", d.dialer.Address)
	case a.tap.late > 0:
		return nil, d.late(a, a.what)
	case !a.tap.read && a.tap.unpaired != nil:
		return nil, d.unpaired(a)
	case !a.tap.read && a.tap.heard.Len() > 0 && a.legible():
		return nil, d.otherwise(a, r)
	case !a.tap.read && a.tap.heard.Len() > 0: // a host may answer so what it cannot read
		a.tap.Close()
		d.hears(a, "%s that are no message in any way", counted(a.tap.heard.Len(), "octet"))
		return d.askOtherwise(a)
	case r.Outcome == report.Approved, r.Outcome == report.Declined, r.Outcome == report.Refused:
		d.hears(a, "to the %s after %s: %s", a.what, a.tap.took.Round(10*time.Microsecond), d.words(a, r))
		if again {
			d.says("line", "the host closed the first connection and answered on the next")
		}
		d.falls(a)
		if b := d.otherSpare(a, q, mismatched(r.Why)); b != nil {
			d.hears(b, "to the %s as it should be (%s)", b.what, strings.Join(b.mends(), ", "))
			return b, nil
		}
		return a, nil
	case r.Outcome == report.Unsent:
		d.hears(a, "none to the %s: %v", a.what, r.Reason())
	case a.tap.ended != "":
		if err := d.hungUp(a); err != nil {
			return nil, err
		}
	default:
		d.hears(a, "none to the %s in %s", a.what, d.wait)
	}
	return d.askOtherwise(nil)
}

// hungUp writes that the connection ended in the place of an answer; the error is of an
// end that TLS gives the reason of.
func (d *doctor) hungUp(a *asked) error {
	d.hears(a, "none to the %s: %s after %s", a.what, a.tap.ended, a.tap.took.Round(10*time.Microsecond))
	if why := a.tap.why; strings.Contains(why.Error(), "tls: ") {
		return &exit{code: exitUnreachable, err: fmt.Errorf("host %s ends the connection over TLS: %w", d.dialer.Address, why), hint: d.ourCertificate(why)}
	}
	return nil
}

// hears writes what came back, and how a purchase was undone.
func (d *doctor) hears(a *asked, format string, args ...any) {
	d.says("answer", format, args...)
	if a.undone != "" {
		d.writes("sends", "%s", a.undone)
		a.undone = ""
	}
}

// falls tells what of the last answer is not as it should be, though it is taken.
func (d *doctor) falls(a *asked) {
	if a.tap.read && a.tap.unpaired != nil {
		d.says("should", "a message %s comes before it, and answers another request or none%s", a.tap.unpaired.MTI(), a.differs(": ", ""))
	}
	for _, b := range a.should {
		mend := ""
		if b.Rule.ID == "ANS-ECHO" {
			mend = "; where it is so, " + a.profile.Dialect.InFile() + "echo: without it"
		}
		d.says("should", "%v (%s)%s", b, b.Rule.ID, mend)
	}
}

// words says how an exchange ended.
func (d *doctor) words(a *asked, r *sim.Result) string {
	about := a.profile.Dialect.About(r.Code)
	switch {
	case r.Outcome == report.Approved:
		return "approved"
	case r.Outcome == report.Declined && about.Words != "":
		return fmt.Sprintf("%s, %s", r.Code, about.Words)
	}
	return r.Reason().Error()
}

// speaksTLS reports whether the host answers a TLS greeting, within the time that an
// answer may take.
func (d *doctor) speaksTLS() bool {
	ctx, cancel := context.WithTimeout(d.ctx, d.wait)
	defer cancel()
	return meetTLS(ctx, d.dialer.Address, nil).spoke
}

// askOtherwise asks a host in other ways that does not answer, or that has answered first
// with what cannot be read.
func (d *doctor) askOtherwise(first *asked) (*asked, error) {
	d.begins("in which other way the host answers")
	if d.dialer.TLS == nil && d.speaksTLS() {
		d.says("TLS", "is what the host answers, when greeted so")
		return nil, d.ill([]string{"tls: {}"}, "the host speaks TLS on this port; docs/profile.md says what else tls may have")
	}
	ways := otherWays(d.profile)
	wait := min(d.patience(), time.Second)
	d.says("tries", "%d other ways, each with the first message of its network on a connection of its own", len(ways))
	all := make([]*asked, len(ways))
	heard := search(ways, func(i int) bool {
		a := d.player(ways[i])
		defer a.tap.Close()
		all[i] = a
		return a.answered(a.ask(a.first(), wait)) && mismatched(a.result.Why) == 0
	})
	if heard < 0 { // none as it should be
		heard = slices.IndexFunc(all, func(a *asked) bool { return a.answered(&a.result) })
	}
	if heard < 0 {
		if first != nil {
			all = []*asked{first}
		}
		for _, a := range all {
			if a.tap.heard.Len() > 0 {
				return nil, d.otherwise(a, &a.result)
			}
		}
		return nil, d.deaf(all, wait)
	}
	a := d.better(ways[heard:], all[heard], wait)
	d.hears(a, "to the %s, when asked another way (%s)", a.what, strings.Join(a.mends(), ", "))
	if head := a.profile.Head; len(head) > 0 && bytes.Count(head, []byte("0")) == len(head) {
		d.says("guess", "the octets of the header: the host wants %d, and takes zeros; its specification says which", len(head))
	}
	if a.re != nil {
		if _, guessed := a.re.KeyShown(a.shown); guessed != "" {
			d.says("guess", "%s goes with it in most networks; this answer shows nothing of that", guessed)
		}
	}
	return a, nil
}

// deaf says of a host that answers none of the ways of asking how it ends them: what
// is worth looking at is not the same for one that waits and one that hangs up.
func (d *doctor) deaf(all []*asked, wait time.Duration) error {
	all = slices.DeleteFunc(all, func(a *asked) bool { // a message that the framing cannot carry
		return a.result.Outcome == report.Unsent && !errors.Is(a.result.Why, line.ErrUnsent)
	})
	hungUp := 0
	for _, a := range all {
		if a.tap.ended != "" {
			hungUp++
		}
	}
	const capture = "a capture of a terminal that works tells: posfleet doctor capture.pcap"
	switch hungUp {
	case 0:
		return &exit{code: exitUnreachable, err: fmt.Errorf("host %s takes connections, keeps them, and answers none of %d ways of asking", d.dialer.Address, len(all)+1),
			hint: "it drops what it does not understand, or waits for more: " + d.header() + "does a longer length or something else stand before its messages (a dialect of its own, docs/dialects.md), is it slower than " + d.wait.String() + " (--timeout)? " + capture}
	case len(all):
		if d.hangsUpUnasked(wait) {
			return &exit{code: exitUnreachable, err: fmt.Errorf("host %s takes connections and hangs up on each of %d ways of asking, and where nothing is asked", d.dialer.Address, len(all)+1),
				hint: cmp.Or(d.ourCertificate(all[0].tap.why), "it may have read nothing: does it know the address of this machine, does it want TLS with a certificate (tls), is there a host behind the balancer?")}
		}
		return &exit{code: exitUnreachable, err: fmt.Errorf("host %s takes connections and hangs up on each of %d ways of asking", d.dialer.Address, len(all)+1),
			hint: cmp.Or(d.ourCertificate(all[0].tap.why), "it keeps a connection on which nothing is sent, so that it has read enough to turn the message down: "+d.header()+"does it know the address of this machine and the terminal, does it want TLS with a certificate (tls), is there a host behind the balancer? "+capture)}
	}
	return &exit{code: exitUnreachable, err: fmt.Errorf("host %s takes connections and answers none of %d ways of asking: it hangs up on %d and waits at the others", d.dialer.Address, len(all)+1, hungUp),
		hint: d.header() + "the ways that it waits at may be nearer to its own (docs/dialects.md); " + capture}
}

// header asks about what no trying finds: the octets that a host wants before a message.
func (d *doctor) header() string {
	if len(d.profile.Head) > 0 {
		return fmt.Sprintf("is the header %X right, octet for octet (tpdu, header)? ", d.profile.Head)
	}
	return "does it want a header or TPDU of its own before a message, as its specification says (tpdu, header)? "
}

// answered reports whether the host answered, so that it could be read.
func (a *asked) answered(r *sim.Result) bool {
	return a.tap.unpaired != nil || a.tap.read && r.Outcome <= report.Refused
}

// better is the first of the ways in which a sign-on works, too: an echo test has few
// fields, and reads alike in dialects that differ. If there is none it is a.
func (d *doctor) better(ways []way, a *asked, wait time.Duration) *asked {
	if a.signOn() == nil {
		return a
	}
	for i, w := range ways {
		if d.ctx.Err() != nil {
			break
		}
		b := d.player(w)
		if i > 0 && !slices.ContainsFunc(w.lines, func(l string) bool { return strings.HasPrefix(l, "dialect: ") }) || !b.answered(b.ask(b.first(), wait)) {
			b.tap.Close()
			continue
		}
		if b.signOn() == nil {
			return b
		}
		if b.player.SignIn(); b.player.Last.Outcome != report.Refused {
			return b
		}
		b.tap.Close()
	}
	return a
}

// otherwise says how octets can be read that are no message as the profile has it.
func (d *doctor) otherwise(a *asked, r *sim.Result) error {
	heard := a.tap.heard.Bytes()
	d.hears(a, "%s, no message in dialect %s framed so%s", counted(len(heard), "octet"), a.profile.Dialect.Name,
		cmp.Or(map[bool]string{true: "; then " + a.tap.ended}[a.tap.ended != ""], ""))
	if f := capture.ReadsAs(a.profile.Dialect, heard, a.sent, true); f != nil {
		d.says("reads as", "%s", f)
		if strings.HasPrefix(f.Words, "in ") {
			f.Keys, f.Words = append(f.Keys, f.Words), ""
		}
		if f.Words != "" {
			return d.ill(f.Keys, "the host speaks another way than the profile says; %s", f.Words)
		}
		return d.ill(f.Keys, "the host speaks another way than the profile says")
	}
	if err := d.unread(a, a.what, r); err != nil {
		return err
	}
	if looks := capture.Looks(heard); looks != "" {
		return d.ill(nil, "what comes looks like %s", looks)
	}
	if why := cmp.Or(a.tap.uncut, r.Why); why != nil {
		return d.ill(nil, "what comes cannot be read: %w; posfleet decode explains octets, docs/dialects.md says how a dialect of your own is written", why)
	}
	return d.ill(nil, "what comes is no message of any dialect and framing that posfleet knows")
}

// unread is what is wrong with a host whose answer cannot be read since a field of it is
// not as the dialect has it; nil where that is not so.
func (d *doctor) unread(a *asked, what string, r *sim.Result) error {
	u, is := errors.AsType[*sim.Unread](r.Why)
	if !is || u.Field() == "" {
		return nil
	}
	return d.ill(a.mends(), "the host's answer to the %s does not read as the dialect has its fields: %s (%w); it is the host's fault, or %sfields say how they are (posfleet dialect show, posfleet decode)",
		what, u.Field(), u.Unwrap(), a.profile.Dialect.InFile())
}

// again are the flags with which check meets the same host in the same way.
func (d *doctor) again() (flags string) {
	for _, f := range []struct{ name, value string }{{"host", d.flags.host}, {"profile", d.flags.profile}, {"dialect", d.flags.dialect}} {
		if f.value != "" {
			flags += "--" + f.name + " " + f.value + " "
		}
	}
	return flags
}
