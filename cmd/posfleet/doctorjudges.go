package main

// What messages in a capture say of keys, MACs and rules, as doctor finds it.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// captured is what was found in a capture.
type captured struct {
	out      io.Writer
	profile  *profile.Profile
	macs     *macs // nil without a profile of the user's
	judge    *rules.Judge
	mac      keys.Algorithm  // with which the terminals make MACs
	made     bool            // and one of them is right so
	shut     map[string]bool // terminals whose keys do not open
	messages int
	lines    []string // of the profile, to change
	wrong    error
	wrongOf  *conversation // whose host sends requests
	unjudged []string
	requests []*spoken
}

func newCaptured(out io.Writer, p *profile.Profile, own bool) *captured {
	m, _ := newMACs(p, own, "") // which has no file to fail with
	return &captured{out: out, profile: p, macs: m, judge: rules.NewJudge(p.Dialect), mac: p.MAC, shut: map[string]bool{}}
}

// brokenRule is a rule that answers break, and how the first of them does.
type brokenRule struct {
	*rules.Broken
	n int
}

func (e *captured) says(what, format string, args ...any) {
	fmt.Fprintf(e.out, "  %-9s %s\n", what, fmt.Sprintf(format, args...))
}

// fails notes what is wrong, of which the first is the end.
func (e *captured) fails(err error) {
	if e.wrong == nil {
		e.wrong = err
	}
}

// change notes a line of the profile that is to be another.
func (e *captured) change(line string) {
	if !slices.Contains(e.lines, line) {
		e.lines = append(e.lines, line)
	}
}

// skips notes what cannot be judged.
func (e *captured) skips(format string, args ...any) {
	if what := fmt.Sprintf(format, args...); !slices.Contains(e.unjudged, what) {
		e.unjudged = append(e.unjudged, what)
	}
}

// hears takes the next message of a conversation: a request, or the answer to one.
func (e *captured) hears(c *conversation, s *spoken) {
	if c.open == nil {
		c.open, c.early, c.answers = map[wire.Key][]asking{}, map[wire.Key]spoken{}, map[string]int{}
	}
	m, key := s.Message, s.Message.Key()
	switch {
	case !m.IsAnswer() && c.name != "" && s.by == 1:
		if e.wrongOf != c {
			e.wrongOf = c
			e.fails(fmt.Errorf("the host's messages have the types of requests, such as %s", m.MTI()))
			c.answers["the type of a request, such as "+m.MTI()]++
		}
	case !m.IsAnswer():
		c.asked = append(c.asked, m)
		e.requests = append(e.requests, s)
		e.verifies(m)
		if a, is := c.early[key]; is && !a.at.IsZero() { // the capture's clock stepped back
			delete(c.early, key)
			e.answers(c, m, a.Message)
			return
		}
		c.open[key] = append(c.open[key], asking{m, len(c.open[key]) > 0})
	case len(c.open[key]) > 0:
		q := c.open[key][0]
		c.open[key] = c.open[key][1:]
		e.answers(c, q.request, m)
	default:
		c.early[key] = *s
	}
}

// answers judges an answer.
func (e *captured) answers(c *conversation, q, a *wire.Message) {
	d := e.profile.Dialect
	c.heard++
	code := dialect.CodeOf(a.Get(wire.ResponseCode))
	about := d.About(code)
	what := code.String()
	switch {
	case !a.Has(wire.ResponseCode):
		what = "no response code"
	case about.Words != "":
		what += " (" + about.Words + ")"
	}
	c.answers[what]++
	if c.approved = c.approved || d.Class(code) != dialect.Declines; !c.approved && about.Keys != "" {
		c.refused = fmt.Errorf("the host refuses all with %s; look at %s in the profile", what, about.Keys)
	}
	of, known := d.Classify(q)
	if !known {
		e.skips("answers to requests %s, which are of no transaction of dialect %s%s", q.MTI(), d.Name, e.unlikeForms(q))
		return
	}
	tid := strings.TrimSpace(q.Text(wire.TerminalID))
	x := &rules.Exchange{
		Dialect: d, Form: d.Form(of), Request: q, Answer: a, Key: q.Key(), PAN: paying(q),
		Algorithm: e.mac, MAC: e.macs.answerKey(q), MACOnDecline: e.profile.Policy.MACOnDecline, DefectiveIsGood: e.profile.Policy.DefectiveIsGood,
	}
	x.MACUnknown = x.MAC == nil
	if r, told := d.ReadReconciliation(q); told {
		x.Batch = r.Own
	}
	e.opens(x, tid)
	for _, b := range e.judge.All(x) {
		if about, is := b.Rule.About(); is && blotted(d, a, d.Place(about).Field) {
			e.skips("of answers to a %s %s: field %d is hidden, and zeros stand in its place, as a recording has it", of, b.Rule.ID, d.Place(about).Field)
			continue
		}
		i := slices.IndexFunc(c.broken, func(o *brokenRule) bool { return o.Rule == b.Rule })
		if i < 0 {
			i, c.broken = len(c.broken), append(c.broken, &brokenRule{Broken: b})
		}
		c.broken[i].n++
		if b.Rule.Level == rules.Must {
			e.fails(fmt.Errorf("an answer %s breaks what it must keep: %s (%s)", a.MTI(), d.Scrubbed(b.Error()), b.Rule.ID))
		}
	}
	for _, u := range x.Unjudged() {
		if slices.Contains(u.Rules, rules.Once) || len(e.shut) > 0 && e.shut[tid] {
			continue
		}
		e.skips("of answers to a %s %s: %s", of, u.Rules[0].ID, u.Lacks)
	}
}

// blotted reports whether a field of an answer is one that recordings hide, and holds
// nothing but the zeros that they put there.
func blotted(d *dialect.Dialect, a *wire.Message, f int) bool {
	v := a.Field(f)
	return len(v) > 0 && d.Masks[f] == dialect.Hidden && len(bytes.Trim(v, "0\x00")) == 0
}

// opens opens the working keys that the answer of an exchange brings, and says what the
// profile has to have for it.
func (e *captured) opens(x *rules.Exchange, tid string) {
	block := x.Answer.Get(wire.WorkingKeys)
	if e.macs == nil || len(block) == 0 || x.Answer.MTI()[1] != '8' || !x.Approves() {
		return
	}
	master := e.macs.masters[tid]
	if master == nil {
		return
	}
	p := e.profile
	if kind, set, err := openedBy(p, master, block); err == nil {
		if kind != p.SignIn {
			e.change(fmt.Sprintf("sign-in: %q", kind))
		}
		x.SignIn = &rules.SignIn{HSM: p.HSM, Master: master, Block: kind}
		e.macs.keys[tid] = set.MAC
		delete(e.shut, tid)
		return
	}
	if p.SignIn != "" {
		x.SignIn = &rules.SignIn{HSM: p.HSM, Master: master, Block: p.SignIn}
	}
	_, err := keys.Unwrap(p.HSM, master, p.SignIn, block)
	bad, is := errors.AsType[*keys.KCVError](err)
	masterRight := is && bad.Right != "" // what is wrong then its rule says
	if delete(e.macs.keys, tid); len(e.shut) == 0 && !masterRight {
		owner := "no terminal"
		for i := range p.Terminals {
			if _, _, err := openedBy(p, p.Terminals[i].Master, block); err == nil {
				owner = "terminal " + p.Terminals[i].TID
				break
			}
		}
		e.fails(fmt.Errorf("the keys that the sign-on of terminal %s brings do not open with its master key; of the profile's keys that of %s opens them: look at terminals (master, derive) and sign-in in the profile", tid, owner))
	}
	e.shut[tid] = true
}

// openedBy opens a key block with a master key: as the profile says, else as another kind.
func openedBy(p *profile.Profile, master, block []byte) (kind keys.KeyBlock, set keys.Set, err error) {
	err = fmt.Errorf("a key block of %d octets is of no known kind", len(block))
	for _, kind := range append([]keys.KeyBlock{p.SignIn}, keys.KeyBlocks...) {
		if !kind.Fits(block) {
			continue
		}
		if set, err = keys.Unwrap(p.HSM, master, kind, block); err == nil {
			return kind, set, nil
		}
	}
	return "", set, err
}

// macless notes a request that has a MAC in a network that has none.
func (e *captured) macless(m *wire.Message) {
	d := e.profile.Dialect
	of, known := d.Classify(m)
	if d.MAC || !known {
		return
	}
	for _, f := range []int{64, 128} {
		if m.HasField(f) && !d.Form(of).CarriesField(f) {
			e.fails(fmt.Errorf("a request %s carries a MAC (field %d), and in this network terminals send none: say mac in the dialect, and whence its key is (sign-in or keys, docs/dialects.md)", m.MTI(), f))
		}
	}
}

// verifies holds the MAC of a request to the keys that its terminal has.
func (e *captured) verifies(m *wire.Message) {
	covered, mac := m.MACSpan()
	if mac == nil {
		e.macless(m)
		return
	}
	tid := strings.TrimSpace(m.Text(wire.TerminalID))
	key := e.macs.key(tid)
	shown := e.profile.Dialect.Shown(m, e.profile.Dialect.Place(wire.TerminalID).Field)
	if e.macs.derived() {
		made, err := e.macs.derives(m)
		if err != nil {
			e.fails(fmt.Errorf("the key of a request %s of terminal %s cannot be derived: %w (profile: dukpt)", m.MTI(), shown, err))
		} else if !made.MAC.CheckMAC(e.mac, covered, mac) {
			e.fails(fmt.Errorf("the MAC of a request %s of terminal %s is not that of its octets with the key of its key serial number: look at dukpt (base) in the profile, and at mac, %s there", m.MTI(), shown, e.mac))
		}
		return
	}
	switch {
	case e.shut[tid]:
	case e.macs == nil:
		e.skips("MACs: give the profile of the terminals, --profile")
	case e.macs.masters[tid] == nil:
		e.skips("MACs of terminal %s: the profile has none of that number", shown)
	case key == nil:
		e.skips("MACs of terminal %s: no sign-on's answer before them has brought its keys", shown)
	case key.CheckMAC(e.mac, covered, mac):
		e.made = true
	default:
		for _, algorithm := range otherAlgorithms() {
			if !e.made && key.CheckMAC(algorithm, covered, mac) {
				e.mac, e.made = algorithm, true
				e.change("mac: " + algorithm.String())
				return
			}
		}
		e.fails(fmt.Errorf("the MAC of a request %s of terminal %s is not that of its octets with the key that its sign-on brought (profile: mac %s)", m.MTI(), shown, e.mac))
	}
}
