package report

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A disk that is full for events is full for the run: it ends with the second.
func TestEventThatCannotBeWrittenIsToldWithTheNextSecond(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	f := begunFolder(t)
	f.Events = NewEvents(full, mostEvents)
	if err := f.Interval(Interval{}); err != nil {
		t.Fatal(err)
	}
	f.Events.Add(Event{Label: "purchase", Outcome: TimedOut})
	if err := f.Interval(Interval{}); err == nil {
		t.Error("the run goes on")
	}
}

// run.json is what tells that a run is whole: the slowest exchanges, which are written at
// the end as well, do not take its room.
func TestSummaryIsWrittenBeforeTheSlowestExchanges(t *testing.T) {
	f := begunFolder(t)
	stub, err := os.ReadFile(f.Path(summaryName))
	if err != nil {
		t.Fatal(err)
	}
	first := false
	f.Events = NewEvents(writerFunc(func(b []byte) (int, error) {
		now, err := os.ReadFile(f.Path(summaryName))
		first = err == nil && string(now) != string(stub)
		return len(b), nil
	}), mostEvents)
	f.Events.AddSlow(Event{Label: "purchase", Done: 1})
	if err := f.WriteAll(&Report{}); err != nil {
		t.Fatal(err)
	}
	if !first {
		t.Error("it comes after them")
	}
}

// A disk that a run has filled has room for run.json all the same.
func TestFullDiskHasRoomForTheSummary(t *testing.T) {
	f := begunFolder(t)
	kept, err := os.Stat(f.Path(summaryName) + partial)
	if err != nil || kept.Size() != summaryRoom {
		t.Fatalf("%v octets are kept for it, %v", kept, err)
	}
	if err := f.Changed(Plan{}); err != nil {
		t.Fatal(err)
	}
	if again, err := os.Stat(f.Path(summaryName) + partial); err != nil || again.Size() != summaryRoom {
		t.Errorf("after a change: %v", err)
	}
	if err := f.WriteAll(&Report{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.Path(summaryName) + partial); !os.IsNotExist(err) {
		t.Errorf("at the end: %v", err)
	}
}

// A summary that tells more than the interval log holds cannot be read: one whose log was
// cut short says so.
func TestSummaryOfALogThatWasCutShortCanBeRead(t *testing.T) {
	f := begunFolder(t)
	if err := f.Interval(Interval{}); err != nil {
		t.Fatal(err)
	}
	f.lost = syscall.ENOSPC
	if err := f.WriteAll(&Report{Planned: 1, NotPlayed: 1}); err != nil {
		t.Error(err)
	}
	if r, err := Read(f.Name()); err != nil || !strings.Contains(r.Incomplete, "could not be written as a whole") || r.Planned != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// Events that a full disk has lost are noted in the summary that is there already; the rest of
// them is whole lines.
func TestSummarySaysThatEventsAreLost(t *testing.T) {
	f := begunFolder(t)
	f.events.WriteString("{}\n")
	n := 0
	f.Events = NewEvents(writerFunc(func(b []byte) (int, error) {
		if n++; n == 1 {
			return f.events.Write(b[:len(b)/2]) // and then the disk is full
		}
		return 0, syscall.ENOSPC
	}), mostEvents)
	f.Events.AddSlow(Event{Label: "purchase", Done: 1})
	f.Events.AddSlow(Event{Label: "purchase", Done: 2})
	told := &Report{Journal: &Journal{Rows: 3, Amount: 400}}
	if err := f.WriteAll(told); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	r, err := Read(f.Name())
	if err != nil || len(r.Lost) != 1 || !strings.HasPrefix(r.Lost[0], "events.ndjson: no space left") || *r.Journal != *told.Journal {
		t.Errorf("%+v, %v", r, err)
	}
	if text, _ := os.ReadFile(f.Path(eventsName)); string(text) != "{}\n" {
		t.Errorf("they are %q", text)
	}
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(b []byte) (int, error) { return w(b) }

func begunFolder(t *testing.T) *Folder {
	t.Helper()
	f, err := Create(filepath.Join(t.TempDir(), "run"), &Report{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A journal of other rows than run.json says, and events whose last line is cut, are not what
// the run has left.
func TestCutFilesOfARunAreMissing(t *testing.T) {
	const heading, row, event = "terminal,batch\n", "A,1\n", "{\"x\":1}\n"
	for name, c := range map[string]struct {
		journal, events string
		lost            int
	}{
		"whole":              {heading + row + row, event + event, 0},
		"no events":          {heading + row + row, "", 0},
		"journal cut short":  {heading + row, event, 1},
		"journal cut in row": {heading + row + row[:2], event, 1},
		"journal emptied":    {"", event, 1},
		"another's journal":  {heading + row + row + row, event, 1},
		"events cut":         {heading + row + row, event + event[:3], 1},
		"both":               {heading, "garbage", 2},
	} {
		dir := t.TempDir()
		if err := errors.Join(os.WriteFile(filepath.Join(dir, JournalName), []byte(c.journal), 0o600), os.WriteFile(filepath.Join(dir, eventsName), []byte(c.events), 0o600)); err != nil {
			t.Fatal(err)
		}
		if lost := Missing(dir, &Report{Journal: &Journal{Rows: 2}}); len(lost) != c.lost {
			t.Errorf("%s: %q, want %d", name, lost, c.lost)
		}
	}
}

// What a lost agent did at its end is not known, and no promise is kept by that.
func TestLostAgentKeepsNoPromise(t *testing.T) {
	r := &Report{Planned: 10, Played: 10, Agents: []Agent{{State: StateLost}}}
	r.Judge(WithDefaults(nil))
	for _, l := range r.Limits {
		if l.OK {
			t.Errorf("%s is kept", l.Limit)
		}
	}
	r.Agents[0].State = "ended"
	if r.Judge(WithDefaults(nil)); !slices.ContainsFunc(r.Limits, func(l LimitResult) bool { return l.OK }) {
		t.Error("none is kept of an agent that ended")
	}
}

// What a generator that was killed did to its seconds is told of them: a run of which the
// end is not known is no better than what is known of it.
func TestKilledRunKeepsItsBadSeconds(t *testing.T) {
	for name, c := range map[string]struct {
		lag     time.Duration
		level   Level
		reasons []string
	}{
		"sound":   {ms, NotJudged, []string{"the run did not come to its end"}},
		"late":    {3 * ms, NotJudged, []string{"the run did not come to its end", "suspect: schedule lag p99 3.00 ms, over 2.00 ms in second 1"}},
		"stopped": {877 * ms, Invalid, []string{"invalid: schedule lag p99 877 ms, over 20.0 ms in second 1", "the run did not come to its end"}},
	} {
		f := begunFolder(t)
		for i := range 3 {
			s := sound()
			s.Counts, s.Response.P99 = Counts{}, 2*time.Second
			if s.At = time.Duration(i) * time.Second; i == 1 {
				s.LagP99 = c.lag
			}
			if err := f.Interval(Interval{From: s.At, To: s.At + time.Second, Second: &s}); err != nil {
				t.Fatal(err)
			}
		}
		r, err := Read(f.Name())
		if err != nil || r.Validity.Level != c.level || !slices.Equal(r.Validity.Reasons, c.reasons) {
			t.Errorf("%s: %v %q, %v", name, r.Validity.Level, r.Validity.Reasons, err)
		}
	}
}
