package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/capacity"
	"github.com/posfleet/posfleet/report/plot"
	"github.com/posfleet/posfleet/sim"
)

// capacityFlags are how a capacity is looked for; the rest are load's.
type capacityFlags struct {
	from, to  string
	precision string
	confirm   int
	trials    []capacity.Trial
	fleet     capacity.Fleet
}

// ofCapacity are load's flags that a search sets itself, or that make no sense in one.
var ofCapacity = []string{"rate", "ramp", "stage", "arrivals", "speed", "burst", "closed", "think", "run-id", "seed", "storm", "events"}

func capacityCommand(sig *signals) *cobra.Command {
	var f capacityFlags
	cmd := &cobra.Command{
		Use:   "capacity [feature…]",
		Short: "the highest rate at which the limits hold",
		Long: "Plays load again and again, each time for --for: at twice the rate until a promise breaks or the host falls behind\n" +
			"(its response time grows by more than 10 ms each second), then between, until the gap is narrow, and confirms what\n" +
			"it finds. Takes load's flags. Leaves a folder with every run, capacity.json and the picture of latency by rate.\n" +
			"With the bundled host in this process what is found is not the capacity of a host. Exit code 0: found; 1: not even\n" +
			"--from holds; 4: the generator was the limit, so that no answer is given; 5: the fleet was (--terminals), or there is\n" +
			"no telling.\n\n" + exitHelp,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args, sig) },
	}
	load := loadCommand(sig)
	load.Flags().VisitAll(func(flag *pflag.Flag) {
		if !slices.Contains(ofCapacity, flag.Name) {
			cmd.Flags().AddFlag(flag)
		}
	})
	fl := cmd.Flags()
	fl.StringVar(&f.from, "from", "100/s", "the lowest rate tried, the first")
	fl.StringVar(&f.to, "to", "20000/s", "the highest rate tried")
	fl.StringVar(&f.precision, "precision", "2%", "how wide the gap may be that is left between what holds and what does not")
	fl.IntVar(&f.confirm, "confirm", 2, "how often the rate found is played again")
	fl.Lookup("for").DefValue, fl.Lookup("out").Usage = "10s", "folder of the search, which must not exist (default: runs/ and the time)"
	return cmd
}

func (f *capacityFlags) run(cmd *cobra.Command, args []string, sig *signals) error {
	from, err := sim.ParseRate(f.from)
	if err != nil {
		return usage(fmt.Errorf("--from: %w", err))
	}
	to, err := sim.ParseRate(f.to)
	if err != nil {
		return usage(fmt.Errorf("--to: %w", err))
	}
	precision, err := parseShare(f.precision)
	switch {
	case err != nil:
		return usage(fmt.Errorf("--precision %q: %w", f.precision, err))
	case precision < 0.001 || precision > 0.5:
		return usage(fmt.Errorf("--precision %s: want 0.1%% to 50%%", f.precision))
	case to.PerSecond() < from.PerSecond():
		return usage(fmt.Errorf("--from %s is more than --to %s", f.from, f.to))
	case f.confirm < 0 || f.confirm > 100:
		return usage(fmt.Errorf("--confirm %d: want 0 to 100", f.confirm))
	}
	dir, err := cmd.Flags().GetString("out")
	if err != nil {
		return err
	}
	if dir == "" {
		dir = filepath.Join("runs", time.Now().Format("20060102-150405.000")+"-capacity")
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return usage(err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return usage(fmt.Errorf("--out: %w: a search never mixes with another", err))
	}
	out := cmd.OutOrStdout()
	search := capacity.Search{From: from.PerSecond(), To: to.PerSecond(), Precision: precision, Confirm: f.confirm,
		Play: func(rate float64, confirm bool) (capacity.Trial, error) {
			t, err := f.play(cmd, args, sig, dir, rate)
			if t.Confirm = confirm; err == nil {
				f.trials = append(f.trials, t)
				tellTrial(out, &t)
			}
			return t, err
		}}
	found, err := search.Run()
	if len(f.trials) == 0 {
		if os.Remove(dir) != nil && cmd.Context().Err() != nil { // the run that was cut off is in it
			return &exit{code: sig.code(), err: fmt.Errorf("stopped by a signal before any rate was judged; what was played is in %s", dir)}
		}
		return err
	}
	none := f.answer(out, found, to.PerSecond(), err)
	if afar := cmd.Flags().Changed("listen") || cmd.Flags().Changed("nats"); !afar && (err == nil || errors.Is(err, capacity.ErrTooFew)) {
		none = cmp.Or(f.hostGone(cmd.Context()), none)
	}
	if kept := f.save(dir, found, none); kept != nil {
		return unwritten(kept)
	}
	if none != nil {
		return none
	}
	fmt.Fprintf(out, "\ncapacity: %s\n", words(found))
	if last := f.trials[len(f.trials)-1].Report; last.Validity.SameHost {
		fmt.Fprintln(out, "host and generator share this machine: this is not what the host could do on one of its own")
	}
	fmt.Fprintf(out, "picture: %s\n", filepath.Join(dir, "knee.png"))
	return nil
}

// answer is why a search that ended so gives no capacity; nil where it does.
func (f *capacityFlags) answer(out io.Writer, found capacity.Band, to float64, err error) error {
	switch {
	case errors.Is(err, capacity.ErrGenerator):
		return &exit{code: exitGenerator, err: fmt.Errorf("no capacity is told: %w", err)}
	case errors.Is(err, capacity.ErrTooFew):
		return &exit{code: exitIncomplete, err: err}
	case err != nil:
		return err
	}
	if t := f.missed(found); t != nil && t.Verdict == capacity.Short {
		enough := t.Report.Waited.For(max(1, to/t.Rate))
		fmt.Fprintf(out, "\n%s; some %s at --to %s\n", fleetWords(found, t), report.FormatCount(int64(enough)), f.to)
		return &exit{code: exitIncomplete, err: errors.New("no capacity of the host is told: the fleet was the limit"), hint: fmt.Sprintf("--terminals %d", enough)}
	} else if found.Low == 0 {
		return &exit{code: exitLimit, err: fmt.Errorf("not even %s holds: %s", f.from, t.Why)}
	}
	return nil
}

// hostGone is that the host of the latest trial, which did not hold, takes no connection any
// more: what was found says nothing of its rates. The host of agents elsewhere may be in their reach alone.
func (f *capacityFlags) hostGone(ctx context.Context) error {
	t := f.trials[len(f.trials)-1]
	if t.Verdict == capacity.Held || t.Report.Plan.Target == bundledTarget {
		return nil
	}
	c, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", t.Report.Plan.Target)
	if err == nil {
		c.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) || ctx.Err() != nil {
		return nil
	}
	return &exit{code: exitUnreachable, err: fmt.Errorf("no capacity is told: the host went away at %.4g/s: %w", t.Rate, err)}
}

// play plays load once at a rate, into a folder of its own.
func (f *capacityFlags) play(cmd *cobra.Command, args []string, sig *signals, dir string, rate float64) (capacity.Trial, error) {
	folder := filepath.Join(dir, fmt.Sprintf("%02d-%.5gs", len(f.trials)+1, rate))
	load := loadCommand(sig)
	given := flagsGiven(cmd.Flags(), []string{"from", "to", "precision", "confirm"})
	given["rate"], given["out"] = []string{strconv.FormatFloat(rate, 'f', -1, 64) + "/s"}, []string{folder}
	if err := giveFlags(load.Flags(), given); err != nil {
		return capacity.Trial{}, usage(err)
	}
	load.SetArgs(append([]string{"--"}, args...))
	load.SetOut(io.Discard)
	load.SetErr(io.Discard)
	load.SilenceErrors, load.SilenceUsage = true, true
	ended := load.ExecuteContext(cmd.Context())
	t := capacity.Trial{Rate: rate}
	code := exitOK
	if e, is := errors.AsType[*exit](ended); is {
		code = e.code
	}
	switch {
	case ended != nil && code != exitLimit && code != exitFailed && code != exitBooks && code != exitGenerator && code != exitIncomplete:
		return t, ended
	case errors.Is(ended, errUnwritten):
		return t, &exit{code: exitIncomplete, err: ended} // a full disk or an agent that ended says nothing of the host
	case cmd.Context().Err() != nil:
		return t, context.Cause(cmd.Context())
	}
	var err error
	if t.Report, err = report.Read(folder); err != nil {
		return t, cmp.Or(ended, err)
	}
	err = f.judge(&t, code, ended)
	return t, err
}

// judge says what a run that ended so showed of its rate. The error is that it showed nothing.
func (f *capacityFlags) judge(t *capacity.Trial, code int, ended error) error {
	behind, fell := capacity.Behind(t.Report)
	short := f.fleet.Short(t.Report)
	switch {
	case code == exitIncomplete && !unheld(t.Report):
		return ended // what is not known is not known of any rate
	case code == exitGenerator || t.Report.Validity.Level == report.Invalid:
		t.Verdict, t.Why = capacity.Invalid, t.Report.Validity.Reason()
	case code == exitLimit && !slices.ContainsFunc(t.Report.Limits, func(l report.LimitResult) bool { return !l.OK && !l.TooFew && !l.Moot() }):
		t.Verdict, t.Why = capacity.Untold, ended.Error()
	case short && (code == exitIncomplete || code == exitLimit || ended == nil && fell):
		t.Verdict, t.Why = capacity.Short, t.Report.Waited.String()
	case ended != nil:
		t.Verdict, t.Why = capacity.Broken, ended.Error()
	case !capacity.Told(t.Report):
		t.Verdict, t.Why = capacity.Untold, "too short to see whether the host keeps up: four seconds with exchanges outside the warm-up are needed; play longer (--for)"
	case fell:
		t.Verdict, t.Why = capacity.Broken, fmt.Sprintf("the host fell behind: response times grew by %.0f ms each second", 1000*behind)
	}
	return nil
}

// unheld reports whether a run is incomplete for arrivals that its host or its fleet did
// not let be played, which another rate would.
func unheld(r *report.Report) bool {
	return r.SignIn.Failed+r.Opening.Failed == 0 && r.Played < r.Planned
}

// missed is the latest trial that did not hold at the upper end of a band; nil for none.
func (f *capacityFlags) missed(found capacity.Band) *capacity.Trial {
	for i, t := range slices.Backward(f.trials) {
		if t.Rate == found.High && (t.Verdict == capacity.Broken || t.Verdict == capacity.Short) {
			return &f.trials[i]
		}
	}
	return nil
}

// fleetWords tell a band whose upper end is the fleet's, by the trial there.
func fleetWords(found capacity.Band, t *capacity.Trial) string {
	w := t.Report.Waited
	held := "do not hold the lowest rate tried"
	if found.Low > 0 {
		held = fmt.Sprintf("hold %.4g/s", found.Low)
	}
	return fmt.Sprintf("fleet: %s terminals %s; at %.4g/s none was free, of a host as quick as before: %s would do there",
		report.FormatCount(int64(w.Terminals)), held, t.Rate, report.FormatCount(int64(w.Enough)))
}

// trialWords are what a trial showed, in a word.
var trialWords = [...]string{"held", "broken", "no terminal", "invalid", "too few"}

func tellTrial(out io.Writer, t *capacity.Trial) {
	word := trialWords[t.Verdict]
	if t.Confirm {
		word += ", again"
	}
	fmt.Fprintf(out, "%12.4g/s   %-18s %s\n", t.Rate, word, t.Why)
}

// words tell a band.
func words(b capacity.Band) string {
	if math.IsInf(b.High, 1) {
		return fmt.Sprintf("%.4g/s at least, the highest rate tried", b.Low)
	}
	return fmt.Sprintf("%.4g/s held, %.4g/s did not", b.Low, b.High)
}

// save writes what was found into the folder of the search.
func (f *capacityFlags) save(dir string, found capacity.Band, why error) error {
	type trial struct {
		Rate    float64 `json:"rate"`
		Verdict string  `json:"verdict"`
		Confirm bool    `json:"confirm"`
		Why     string  `json:"why,omitempty"`
		Run     string  `json:"run"`
	}
	form := struct {
		Ended  string   `json:"ended"` // "found", or why there is no capacity
		Low    *float64 `json:"low"`   // null where none was found
		High   *float64 `json:"high"`  // null when the highest rate held, or none was found
		Trials []trial  `json:"trials"`
	}{Ended: "found", Trials: []trial{}}
	if why != nil {
		form.Ended = report.Printable(why.Error())
	} else if form.Low = &found.Low; !math.IsInf(found.High, 1) {
		form.High = &found.High
	}
	k := plot.Knee{Low: found.Low, High: found.High, Measure: "p99 response time"}
	for _, t := range f.trials {
		form.Trials = append(form.Trials, trial{t.Rate, trialWords[t.Verdict], t.Confirm, t.Why, t.Report.Run})
		if all, err := t.Report.Overall(); err == nil && t.Verdict < capacity.Invalid {
			k.Under = fmt.Sprintf("%d terminals on %s lines, %v each", t.Report.Plan.Terminals, t.Report.Plan.Lines, t.Report.Plan.For)
			k.Points = append(k.Points, plot.KneePoint{Rate: t.Rate, Latency: float64(all.Quantile(0.99).Value) / 1e3, Held: t.Verdict == capacity.Held})
		}
	}
	if err := report.WriteFile(filepath.Join(dir, "capacity.json"), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(form)
	}); err != nil {
		return err
	}
	_, err := plot.SaveKnee(k, dir)
	return err
}
