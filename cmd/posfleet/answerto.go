package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// answerTo says which rules an answer breaks, given its request in hexadecimal. Of
// MACs it says whether they are there: the working key is not known, but that of a
// sign-in whose terminal the profile has. Breaking a must is an exit code.
func answerTo(out io.Writer, p *profile.Profile, keys bool, request string, answer *wire.Message) error {
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
		Dialect: p.Dialect, Form: p.Dialect.Form(of), Request: q, Answer: answer, Key: q.Key(), PAN: q.Text(wire.PAN),
		Algorithm: p.MAC, MACUnknown: true, MACOnDecline: p.Policy.MACOnDecline, DefectiveIsGood: p.Policy.DefectiveIsGood,
	}
	if r, told := p.Dialect.ReadReconciliation(q); told {
		x.Batch = r.Own
	}
	if keys && of == dialect.SignIn && p.SignIn != "" {
		if err := masterOf(p, x); err != nil {
			return usage(err)
		}
	}
	fmt.Fprintf(out, "\nas an answer to a %s:\n", of)
	broken := rules.NewJudge(p.Dialect).All(x)
	for _, b := range broken {
		fmt.Fprintf(out, "  %-15s %-6s  %s\n", b.Rule.ID, b.Rule.Level, b)
	}
	switch {
	case len(broken) == 0:
		fmt.Fprintln(out, "  it breaks no rule")
	case broken[0].Rule.Level == rules.Must:
		return &exit{code: exitFailed, err: errors.New("the answer breaks what it must keep"), hint: "posfleet rules tells all rules and their sources"}
	}
	return nil
}

// masterOf finds the master key of a sign-in's terminal, if the profile has it.
func masterOf(p *profile.Profile, x *rules.Exchange) error {
	for i := range p.Terminals {
		if t := &p.Terminals[i]; t.TID == x.Request.Text(wire.TerminalID) {
			master, err := p.SignIn.Master(t.Master)
			x.SignIn = &rules.SignIn{Master: master, Block: p.SignIn}
			return err
		}
	}
	return nil
}
