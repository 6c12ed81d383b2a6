package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
)

// told is what events wrote, line by line.
func told(t *testing.T, text string) (all []eventJSON) {
	t.Helper()
	for line := range strings.Lines(text) {
		var x eventJSON
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
	}
	return all
}

func TestEventsBeyondTheRoomAreCounted(t *testing.T) {
	var out strings.Builder
	e := NewEvents(&out, 3)
	for i := range 5 {
		if room := e.Room("purchase", Declined); room != (i < 3) {
			t.Errorf("after %d of 3 there is room: %v", i, room)
		}
		e.Add(Event{Label: "purchase", Outcome: Declined, At: time.Duration(i) * time.Second, Sent: time.Duration(i) * time.Second, Done: time.Duration(i)*time.Second + 5*ms})
	}
	if wrong, _ := e.Lately(); len(wrong) != 3 || wrong[0].At != 2*time.Second {
		t.Errorf("%d lately: %+v", len(wrong), wrong)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	all := told(t, out.String())
	if len(all) != 4 || all[2].Kind != "event" || all[2].Outcome != "declined" || all[2].At != 2 || all[2].Service != 5000 || all[2].Response != 2_005_000 || all[3].Kind != "left out" || all[3].Count != 4 {
		t.Errorf("%+v", all)
	}
}

func TestOneKindOfEventLeavesRoomForOthers(t *testing.T) {
	var out strings.Builder
	e := NewEvents(&out, 2*mostAlike)
	for range mostAlike + 1 {
		e.Add(Event{Label: "purchase", Outcome: Declined})
	}
	if e.Room("purchase", Declined) || !e.Room("purchase", Broken) || !e.Room("void", Declined) {
		t.Error("room is not for other kinds")
	}
	for i := range mostLatest + 2 {
		e.Add(Event{Label: "purchase", Outcome: Unsent, Note: fmt.Sprint(i), Done: time.Second})
	}
	wrong, slow := e.Lately()
	if len(wrong) != mostLatest || wrong[0].Note != fmt.Sprint(mostLatest+1) || wrong[mostLatest-1].Note != "2" || len(slow) != 0 {
		t.Errorf("lately %d, %+v, slow %d", len(wrong), wrong[0], len(slow))
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	all := told(t, out.String())
	last := all[len(all)-1]
	if len(all) != mostAlike+mostLatest+3 || last.Kind != "left out" || last.Count != 2 || all[len(all)-2].Response != 0 {
		t.Errorf("%d lines, the last %+v", len(all), last)
	}
}

func TestSlowestExchangesAreKept(t *testing.T) {
	var out strings.Builder
	e := NewEvents(&out, 1)
	at := func(n int) Event {
		return Event{Due: time.Second, Sent: time.Second, Done: time.Second + time.Duration(n)*ms, Note: fmt.Sprint(n)}
	}
	for n := 1; n < mostSlowest; n++ {
		e.AddSlow(at(n * 7 % mostSlowest))
	}
	if !e.Slow(1) {
		t.Error("while there is room the fastest is not kept")
	}
	e.AddSlow(at(mostSlowest))
	e.AddSlow(at(mostSlowest + 1))
	if e.Slow(2*ms) || !e.Slow(2*ms+1) {
		t.Error("what is slow is not what is slower than the fastest that is kept")
	}
	_, slow := e.Lately()
	if len(slow) != mostLatest || slow[0].Note != fmt.Sprint(mostSlowest+1) || slow[mostLatest-1].Note != fmt.Sprint(mostSlowest+2-mostLatest) {
		t.Errorf("the slowest lately: %+v", slow)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	all := told(t, out.String())
	if len(all) != mostSlowest || all[0].Response != int64(mostSlowest+1)*1000 || all[mostSlowest-1].Response != 2000 || all[0].Kind != "slow" {
		t.Errorf("%d are told, from %+v to %+v", len(all), all[0], all[len(all)-1])
	}
}

type fullDisk struct{ writes int }

var errFull = errors.New("no space left on device")

func (d *fullDisk) Write([]byte) (int, error) { d.writes++; return 0, errFull }

func TestFullDiskIsToldOfEvents(t *testing.T) {
	disk := &fullDisk{}
	e := NewEvents(disk, 10)
	e.Add(Event{})
	e.Add(Event{})
	if err := e.Close(); !errors.Is(err, errFull) || disk.writes != 1 {
		t.Errorf("%v after %d writes", err, disk.writes)
	}
}

// Kinds of failures, strays and reasons are bounded; what is known is counted on.
// errEach is other words each time, of one cause.
type errEach int

func (e errEach) Error() string { return fmt.Sprintf("check value %X", int(e)) }
func (errEach) Alike() string   { return "its check value" }

// One cause with other digits each time is one reason.
func TestReasonIsToldOnce(t *testing.T) {
	var why map[string]int64
	for i := range 1000 {
		why = addReason(why, fmt.Errorf("sign-in 004: %w; try again", errEach(i)))
	}
	if want := map[string]int64{"sign-in 004: its check value; try again": 1000}; !maps.Equal(why, want) {
		t.Errorf("reasons %v, want %v", why, want)
	}
}

func TestKindsOfFailuresAreBounded(t *testing.T) {
	r := NewRecorder([]string{"purchase"}, time.Second, 0)
	s := r.Shard()
	for i := range mostKinds + 1 {
		r.Failure(fmt.Sprintf("a:%03d", i), "it holds", Approved, errText("it does not"))
		s.Stray(fmt.Sprintf("%03d", i), func() string { return "fields" })
		r.Stuck(s, 0, errText(fmt.Sprintf("reason %03d", i)))
	}
	for range 2 {
		r.Failure("a:007", "it holds", Approved, errText("it does not"))
		r.Failure("a:100", "it holds", Approved, errText("it does not"))
		s.Stray("007", func() string { t.Error("the fields are asked for again"); return "" })
		s.Stray("100", func() string { return "" })
		r.Stuck(s, 0, errText("reason 007"))
	}
	rep := r.Report()
	if len(rep.Failures) != mostKinds || rep.Failures[0].At != "a:007" || rep.Failures[0].N != 3 || rep.Failures[1].At != "a:000" || rep.Failures[0].Why != "it does not" {
		t.Errorf("%d failures, the first %+v", len(rep.Failures), rep.Failures[0])
	}
	if len(rep.Strays) != mostKinds || rep.Strays[0].Kind != "007" || rep.Strays[0].N != 3 || rep.Strays[1].Kind != "000" {
		t.Errorf("%d strays, the first %+v", len(rep.Strays), rep.Strays[0])
	}
	if len(rep.Stuck) != mostKinds+1 || rep.Stuck["for other reasons"] != 1 || rep.Stuck["reason 007"] != 3 {
		t.Errorf("%d reasons, %v", len(rep.Stuck), rep.Stuck["reason 007"])
	}
}

// A host may break each of its answers: why is found out for the first of those that are
// alike, and for no more kinds than are told apart.
func TestWhatBreaksAnswersIsFoundOnce(t *testing.T) {
	asked := 0
	explain := func() string { asked++; return "why" }
	shard := NewRecorder([]string{"purchase"}, time.Second, 0).Shard()
	for i := range 3 * mostKinds {
		if words := shard.Explained(fmt.Sprint(i/3), explain); words != "why" {
			t.Fatalf("%d: %q", i, words)
		}
	}
	if words := shard.Explained("another", explain); words != "" || asked != mostKinds {
		t.Errorf("asked %d times for %d kinds, and of one more %q", asked, mostKinds, words)
	}
}
