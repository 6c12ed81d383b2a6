package main

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/recording"
)

// replayFlags are how a recording is played again.
type replayFlags struct {
	load  loadFlags
	speed float64
	key   string
}

func replayCommand(sig *signals) *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "play a recording again: its arrivals, mix and amounts, with fresh traces, keys and MACs",
		Long: "Plays what cardholders came for in a recording of posfleet proxy, or in a capture of packets (pcap, pcapng),\n" +
			"at its own times, or --speed times as fast, and reports as posfleet load does. Terminals, cards and keys are\n" +
			"the profile's: a masked recording is as good as a whole one. A void or refund is of the latest purchase of the\n" +
			"terminal that plays it; where that has none, and for what follows a pre-authorisation, it pays first. What\n" +
			"terminals do by themselves (sign in, reverse, settle) they do again as they need to.\n\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0], sig) },
	}
	f.load.net.add(cmd)
	fl := cmd.Flags()
	fl.Float64Var(&f.speed, "speed", 1, "how many times as fast as it was recorded")
	fl.StringVar(&f.key, "record-key", "", "key file of a recording that is encrypted")
	fl.IntVar(&f.load.terminals, "terminals", 0, "terminals that take part (default: as many as in the recording)")
	fl.DurationVar(&f.load.drain, "drain", 0, "how long open exchanges are waited for at the end (default: the response timeout)")
	fl.StringVar(&f.load.line, "line", "", "how they are connected: own, each (a line an exchange) or shared:N (default: the profile's, or own)")
	fl.StringArrayVar(&f.load.limits, "limit", nil, `a promise to keep: "p99 of purchase < 250ms"; may be repeated`)
	fl.Uint64Var(&f.load.seed, "seed", 0, "seed of cards (default: drawn, and told)")
	fl.BoolVar(&f.load.settle, "settle", false, "every terminal settles before the first arrival and after the last: compares the books of any host")
	fl.StringVar(&f.load.out, "out", "", "run folder, which must not exist (default: runs/ and the time)")
	return cmd
}

// fastestReplay is as fast as a recording may be played.
const fastestReplay = 10_000

func (f *replayFlags) run(cmd *cobra.Command, path string, sig *signals) error {
	given := cmd.Flags().Changed
	if !(f.speed > 0 && f.speed <= fastestReplay) {
		return usage(fmt.Errorf("--speed %v: want a number above 0, such as 10, and %d at most", f.speed, fastestReplay))
	}
	p, err := f.load.net.load(0)
	if err != nil {
		return err
	}
	arrivals, terminals, err := f.read(cmd, p, path)
	if err != nil {
		return err
	}
	if !given("terminals") {
		f.load.terminals = terminals
		if f.load.net.profile != "" {
			f.load.terminals = min(terminals, len(p.Terminals))
		}
	}
	if f.load.terminals < 1 {
		return usage(fmt.Errorf("--terminals %d: want at least 1", f.load.terminals))
	}
	j := &job{language: scenarios.NewLanguage(p), arrivals: fmt.Sprintf("%d of %s at %g times its speed", len(arrivals), path, f.speed)}
	plan := replayPlan(p, arrivals)
	j.load = &scenarios.Load{Plans: []*sim.Plan{plan}, Shares: []float64{1}, Books: f.load.settle, Terminals: f.load.terminals}
	if j.lines, err = line.ParseMode(cmp.Or(f.load.line, p.Line)); err != nil {
		return usage(err)
	}
	if j.profile, err = playedLine(p, ""); err != nil {
		return usage(err)
	}
	if f.load.seed == 0 {
		f.load.seed = rand.Uint64N(1<<32-1) + 1
	}
	if j.mix, err = sim.NewMix(f.load.seed, j.load.Plans, j.load.Shares); err != nil {
		return usage(err)
	}
	j.pacer = func(yield func(int, time.Duration) bool) {
		for n, a := range arrivals {
			if !yield(n, time.Duration(float64(a.At)/f.speed)) {
				return
			}
		}
	}
	f.load.length = time.Duration(float64(arrivals[len(arrivals)-1].At)/f.speed) + time.Millisecond
	if j.limits, err = f.load.promises(j, p); err != nil {
		return usage(err)
	}
	if err := f.load.settleable(p.Dialect); err != nil {
		return usage(err)
	}
	return f.load.runJob(cmd, j, sig)
}

// read reads the recording: what to play, and how many terminals did.
func (f *replayFlags) read(cmd *cobra.Command, p *profile.Profile, path string) (all []recording.Arrival, terminals int, err error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > recording.MaxFile {
		err = fmt.Errorf("%s is longer than %d octets", path, recording.MaxFile)
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, 0, usage(err)
	}
	var key *recording.Key
	if f.key != "" {
		if key, err = readRecordKey(f.key); err != nil {
			return nil, 0, usage(fmt.Errorf("--record-key: %w", err))
		}
	}
	_, entries, err := recording.Read(data, p.Dialect, key)
	switch {
	case errors.Is(err, recording.ErrTorn) && len(entries) > 0:
		fmt.Fprintf(cmd.ErrOrStderr(), "posfleet: %s: %v; what is there is played\n", path, err)
	case err != nil:
		return nil, 0, usage(fmt.Errorf("%s: %w", path, err))
	}
	all, skipped := recording.Arrivals(p.Dialect, entries)
	if skipped > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "posfleet: %s: %d requests cannot be read and are not played\n", path, skipped)
	}
	ids := map[string]bool{}
	kept := all[:0]
	for _, a := range all {
		if p.Dialect.Form(a.Of) != nil {
			kept = append(kept, a)
			ids[a.Terminal] = true
		}
	}
	if len(kept) == 0 {
		return nil, 0, usage(fmt.Errorf("%s: nobody pays in it or asks for a balance: there is nothing to play", path))
	}
	return kept, len(ids), nil
}

// replayPlan is the plan of all arrivals: each plays what was recorded of its number.
func replayPlan(p *profile.Profile, arrivals []recording.Arrival) *sim.Plan {
	plan := &sim.Plan{ID: "replay", Name: "a recording", At: "recording"}
	for _, a := range arrivals {
		plan.Cards = plan.Cards || a.Of != dialect.QRPurchase
		plan.Asks = append(plan.Asks, a.Of)
	}
	good, codes := p.Holders("good"), p.Holders("qr")
	var refunded spent
	plan.Steps = []sim.Step{{Text: "as recorded", At: "recording", Do: func(pl *sim.Player) error {
		a := arrivals[pl.N()]
		o := sim.Order{Of: a.Of, Entry: a.Entry, PIN: a.PIN, Amount: a.Amount}
		switch a.Entry {
		case dialect.Instead:
			o.Entry, o.Fallback = sim.Swipe, true
		case sim.Held:
			o.Entry = sim.Tap // of what the network has it for, it is made one again
		}
		holders := good
		if a.Of == dialect.QRPurchase || a.Entry == sim.Code {
			holders, o.Entry, o.PIN = codes, sim.Code, false
		}
		if len(holders) == 0 {
			return fmt.Errorf("the profile has no card for a %s", a.Of)
		}
		o.Holder = &holders[sim.Hash(0x7265706c, uint64(pl.N()))%uint64(len(holders))]
		if a.Of.Original() != dialect.ToNone {
			original, err := originalOf(pl, &o, &refunded)
			if err != nil || original == nil {
				return err
			}
			o.Original, o.Holder = original, original.Holder(pl.T.Profile)
			if a.Of != dialect.Refund && a.Of.Booking() != dialect.Capture || o.Amount > original.Amount || o.Amount <= 0 {
				o.Amount = original.Amount
			}
		}
		if o.Of == dialect.Refund {
			refunded.add(pl.T, o.Original)
		}
		if err := pl.Pay(&o); err != nil {
			return err
		}
		if pl.Last.Approved() {
			return nil
		}
		return pl.Last.Reason()
	}}}
	return plan
}

// spent are purchases of which something was given back: no host voids them any more, nor
// gives back more than is left.
type spent struct{ all sync.Map }

// purchaseOf names a payment in the journal of a terminal.
type purchaseOf struct {
	terminal     *sim.Terminal
	batch, trace uint32
}

func (s *spent) add(t *sim.Terminal, r *sim.Record) {
	s.all.Store(purchaseOf{t, r.Batch, r.Trace}, true)
}

func (s *spent) has(t *sim.Terminal, r *sim.Record) bool {
	_, is := s.all.Load(purchaseOf{t, r.Batch, r.Trace})
	return is
}

// originalOf is what a void, refund or completion is of: the latest that fits on the
// terminal and of which nothing was given back, or one that is made first; nil when that did
// not go through.
func originalOf(pl *sim.Player, o *sim.Order, refunded *spent) (*sim.Record, error) {
	of := dialect.Purchase
	switch o.Of {
	case dialect.AddPreAuth, dialect.PreAuthVoid, dialect.Completion, dialect.CompletionAdvice:
		of = dialect.PreAuth
	case dialect.CompletionVoid:
		of = dialect.Completion
	}
	records := pl.T.Journal.Records
	for i := len(records) - 1; i >= 0; i-- {
		if records[i].Of == of && !records[i].Voided && !refunded.has(pl.T, &records[i]) {
			return &records[i], nil
		}
	}
	first := sim.Order{Of: of, Entry: sim.Swipe, PIN: true, Amount: o.Amount, Holder: o.Holder}
	if of == dialect.Completion {
		original, err := originalOf(pl, &sim.Order{Of: of, Amount: o.Amount, Holder: o.Holder}, refunded)
		if original == nil {
			return nil, err
		}
		first.Original, first.Holder = original, original.Holder(pl.T.Profile)
	}
	if err := pl.Pay(&first); err != nil {
		return nil, err
	}
	if !pl.Last.Approved() {
		return nil, pl.Last.Reason()
	}
	if of == dialect.PreAuth {
		return pl.PreAuthorised(), nil
	}
	return &pl.T.Journal.Records[len(pl.T.Journal.Records)-1], nil
}
