package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// answerTo says which rules an answer breaks, given its request in hexadecimal, and
// which it could not be held to: MACs are judged with the keys that checked has, by
// a file or a sign-in's answer before; nil for none. Breaking a must is an exit code.
func answerTo(out io.Writer, p *profile.Profile, checked *macs, request string, fr *capture.Frame) error {
	q, err := oneMessage(p.Dialect, request)
	if err != nil {
		return usage(fmt.Errorf("--answer-to: %w", err))
	}
	of, ok := p.Dialect.Classify(q)
	if !ok {
		return usage(fmt.Errorf("--answer-to: MTI %s, processing code %q and network management code %q are of no request of dialect %s",
			q.MTI(), q.Get(wire.ProcessingCode), q.Get(wire.ManagementCode), p.Dialect.Name))
	}
	x := &rules.Exchange{
		Dialect: p.Dialect, Form: p.Dialect.Form(of), Request: q, Answer: fr.Message, Key: q.Key(), PAN: paying(q),
		Algorithm: p.MAC, MAC: checked.answerKey(q), MACOnDecline: p.Policy.MACOnDecline, DefectiveIsGood: p.Policy.DefectiveIsGood,
	}
	x.MACUnknown = x.MAC == nil
	if r, told := p.Dialect.ReadReconciliation(q); told {
		x.Batch = r.Own
	}
	if (of == dialect.SignIn || of == dialect.KeyChange) && p.SignIn != "" {
		x.SignIn = &rules.SignIn{HSM: p.HSM, Block: p.SignIn}
		if checked != nil && len(checked.masters) > 0 {
			masterOf(p, x)
		}
	}
	fmt.Fprintf(out, "\nas an answer to a %s:\n", of)
	broken := rules.NewJudge(p.Dialect).All(x)
	for _, b := range broken {
		fmt.Fprintf(out, "  %-15s %-6s  %s\n", b.Rule.ID, b.Rule.Level, p.Dialect.Scrubbed(b.Error()))
	}
	if len(broken) == 0 {
		fmt.Fprintln(out, "  it breaks no rule that it could be held to")
	}
	if fr.Note != "" {
		fmt.Fprintln(out, "  not judged: ANS-READ: whether a terminal could read it with what stands around it, as noted above")
	}
	for _, u := range x.Unjudged() {
		var ids []string
		for _, r := range u.Rules {
			ids = append(ids, r.ID)
		}
		fmt.Fprintf(out, "  not judged: %s: %s\n", strings.Join(ids, ", "), u.Lacks)
	}
	if len(broken) > 0 && broken[0].Rule.Level == rules.Must {
		return &exit{code: exitFailed, err: errors.New("the answer breaks what it must keep"), hint: "posfleet rules tells all rules and their sources"}
	}
	return nil
}

// paying is the number of the card that a request names, by itself or on a track in
// clear; "" for none.
func paying(q *wire.Message) string {
	if pan := q.Text(wire.PAN); pan != "" {
		return pan
	}
	pan, rest, _ := strings.Cut(strings.ReplaceAll(q.Text(wire.Track2), "=", "D"), "D")
	if len(rest) < 7 || !wire.IsDigits([]byte(pan+rest)) {
		return "" // encrypted
	}
	return pan
}

// masterOf finds the master key of a sign-in's terminal, if the profile has it.
func masterOf(p *profile.Profile, x *rules.Exchange) {
	for i := range p.Terminals {
		if t := &p.Terminals[i]; t.TID == x.Request.Text(wire.TerminalID) {
			x.SignIn.Master = t.Master
			return
		}
	}
}
