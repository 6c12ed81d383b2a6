package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// stormFlags say what a line does wrong.
type stormFlags struct {
	faults []string
	drawn  bool
	seed   uint64
	events string
}

func (f *stormFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringArrayVar(&f.faults, "fault", nil, "a fault and how often it strikes, such as answer-lost=5% (may be repeated)")
	fl.StringVar(&f.events, "events", "", "file that gets a line of JSON for each message that was struck, without times: the same seed and messages give the same octets")
}

// faultHelp explains the faults that a verb can do.
func faultHelp(can func(line.Fault) bool) string {
	var b strings.Builder
	b.WriteString("Faults for --fault NAME=OFTEN, where OFTEN is a share of the messages that it can strike (5%), each\n" +
		"so-manieth (97th) or the first so many (3x); after a colon how long, for those that take time (5%:3s):\n")
	for _, f := range line.AllFaults() {
		if !can(f) {
			continue
		}
		fmt.Fprintf(&b, "  %-20s %s", f.Flag(), f.Doc())
		if d := f.Delay(); d > 0 {
			fmt.Fprintf(&b, " (%v)", d)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// storm is what was asked for; nil for nothing. Late messages come so much later.
func (f *stormFlags) storm(cmd *cobra.Command, of []line.Fault, late time.Duration) (*line.Storm, error) {
	if !cmd.Flags().Changed("seed") {
		f.seed = uint64(rand.Uint32())
	}
	switch {
	case f.drawn && len(f.faults) > 0:
		return nil, usage(errors.New("--storm draws its own faults, leave --fault out"))
	case f.drawn:
		s := line.DrawStorm(f.seed, of)
		s.LateBy(late)
		return s, nil
	case len(f.faults) == 0:
		if f.events != "" {
			return nil, usage(errors.New("--events: without --fault or --storm there are none"))
		}
		return nil, nil
	}
	s, err := line.ParseStorm(f.seed, f.faults)
	if err != nil {
		return nil, usage(err)
	}
	if err := strikable(s, of); err != nil {
		return nil, usage(err)
	}
	s.LateBy(late)
	return s, nil
}

// strikable complains of faults that are not among those which can strike.
func strikable(s *line.Storm, of []line.Fault) error {
	for _, r := range s.Rates {
		if !slices.Contains(of, r.Fault) {
			return fmt.Errorf("fault %s: cannot strike here: the dialect's messages have no MAC or length to get wrong, or only posfleet proxy does it", r.Fault.Flag())
		}
	}
	return nil
}

// faultsOnLine are those that terminals' own lines can do to messages of a dialect.
func faultsOnLine(d *dialect.Dialect) []line.Fault {
	return slices.DeleteFunc(line.FaultsFor(&d.Format), func(f line.Fault) bool { return !f.OnLine() })
}

// tellStorm says what a storm did, and that it proves nothing where it did not do all
// that it should.
func (f *stormFlags) tellStorm(out io.Writer, s *line.Storm, injected map[string]int64, strikes []line.Strike) error {
	fmt.Fprintf(out, "storm, seed %d: %s\n", s.Seed, s)
	tellInjected(out, injected)
	if f.events != "" {
		if err := writeStrikes(f.events, seedStrikes{s.Seed, strikes}); err != nil {
			return &exit{code: exitIncomplete, err: fmt.Errorf("--events: %w", err)}
		}
	}
	return unproven(s, injected)
}

// tellInjected says how often each fault struck.
func tellInjected(out io.Writer, injected map[string]int64) {
	for _, name := range slices.Sorted(maps.Keys(injected)) {
		fmt.Fprintf(out, "  %6d × %s\n", injected[name], name)
	}
}

// unproven complains of faults of a storm that never struck.
func unproven(s *line.Storm, injected map[string]int64) error {
	if never := s.Never(injected); len(never) > 0 {
		return &exit{code: exitIncomplete, err: fmt.Errorf("the storm proves nothing of faults that never struck: %s", strings.Join(never, ", ")),
			hint: "let it last longer, or have them strike more often"}
	}
	return nil
}

// seedStrikes are the strikes of one storm.
type seedStrikes struct {
	seed    uint64
	strikes []line.Strike
}

// writeStrikes writes a line for each strike of some storms.
func writeStrikes(path string, storms ...seedStrikes) error {
	return report.WriteFile(path, func(w io.Writer) error {
		to := json.NewEncoder(w)
		for _, of := range storms {
			for _, s := range of.strikes {
				s.Terminal = string(printable(s.Terminal))
				if err := to.Encode(struct {
					Seed uint64 `json:"seed"`
					line.Strike
				}{of.seed, s}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// printable is a terminal number as a file may have it: whatever came off a line.
func printable(id string) []byte {
	out := []byte(id)
	for i, c := range out {
		if c < ' ' || c > '~' {
			out[i] = '?'
		}
	}
	return out
}
