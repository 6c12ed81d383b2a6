package main

import (
	"errors"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/capacity"
)

// A disk that is full is told apart from a host that does not hold.
func TestFullDiskIsNoCapacity(t *testing.T) {
	if err := verdict(&report.Report{}, 0, errors.New("no space left on device")); !errors.Is(err, errUnwritten) {
		t.Errorf("a disk that is full: %v", err)
	}
	if err := verdict(&report.Report{Planned: 2, Played: 1}, 0, nil); errors.Is(err, errUnwritten) {
		t.Errorf("an arrival that was stuck: %v", err)
	}
}

// A host that goes away in a trial is told as gone, whatever that trial would have ended the
// search with: longer trials do not bring it back.
func TestHostThatWentAwayIsNoCapacity(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	of := func(target string, v capacity.Verdict) error {
		f := capacityFlags{trials: []capacity.Trial{{Rate: 200, Verdict: v, Report: &report.Report{Plan: report.Plan{Target: target}}}}}
		return f.hostGone(t.Context())
	}
	here := l.Addr().String()
	if err := errors.Join(of(here, capacity.Broken), of(bundledTarget, capacity.Broken)); err != nil {
		t.Errorf("a host that is there: %v", err)
	}
	l.Close()
	var e *exit
	if err := of(here, capacity.Broken); !errors.As(err, &e) || e.code != exitUnreachable || !strings.Contains(err.Error(), "the host went away at 200/s") {
		t.Errorf("one that is gone: %v", err)
	}
	if err := of(here, capacity.Held); err != nil {
		t.Errorf("after a trial that held: %v", err)
	}
}

// A rate at which no terminal was free says how many would do, and nothing of the host's
// capacity; what is not known of a run is not known of its rate.
func TestFleetIsNoCapacity(t *testing.T) {
	trial := func(rate float64, waited report.Waited) capacity.Trial {
		r := &report.Report{Plan: report.Plan{For: time.Minute}, Planned: 400, Played: 400, Waited: waited}
		for k := range 4 {
			r.Seconds = append(r.Seconds, report.Second{At: time.Duration(k) * time.Second, Length: time.Second, Response: report.Quantiles{N: 50, P50: 100 * time.Millisecond}, Service: report.Quantiles{N: 50, P50: 100 * time.Millisecond}})
		}
		return capacity.Trial{Rate: rate, Report: r}
	}
	none := &exit{code: exitIncomplete, err: errors.New("no terminal was free in time")}
	f := capacityFlags{from: "40/s", to: "400/s"}
	held, short := trial(40, report.Waited{}), trial(80, report.Waited{Arrivals: 99, Terminals: 8, Enough: 25})
	short.Report.Played = 300
	if err := errors.Join(f.judge(&held, exitOK, nil), f.judge(&short, exitIncomplete, none)); err != nil || held.Verdict != capacity.Held || short.Verdict != capacity.Short {
		t.Fatalf("%v, %v, %v", held.Verdict, short.Verdict, err)
	}
	brief := trial(40, report.Waited{})
	brief.Report.Seconds = brief.Report.Seconds[:3]
	if err := f.judge(&brief, exitOK, nil); err != nil || brief.Verdict != capacity.Untold {
		t.Errorf("three seconds say nothing of whether the host keeps up: %v, %v", brief.Verdict, err)
	}
	silent := trial(80, report.Waited{Arrivals: 99, Terminals: 8, Why: "the host left most exchanges unanswered"})
	silent.Report.Played = 300
	if err := f.judge(&silent, exitIncomplete, none); err != nil || silent.Verdict != capacity.Broken {
		t.Errorf("a host that has fallen silent: %v, %v", silent.Verdict, err)
	}
	unknown := trial(80, report.Waited{})
	if err := f.judge(&unknown, exitIncomplete, errors.New("the generator was not judged")); err == nil {
		t.Errorf("a run of which nothing is known: %v", unknown.Verdict)
	}

	for low, want := range map[float64]string{40: "8 terminals hold 40/s; at 80/s none was free, of a host as quick as before: 25 would do there; some 130 at --to 400/s", 0: "do not hold the lowest rate tried"} {
		var out strings.Builder
		f.trials = []capacity.Trial{held, short}
		var e *exit
		if err := f.answer(&out, capacity.Band{Low: low, High: 80}, 400, nil); !errors.As(err, &e) || e.code != exitIncomplete || e.hint != "--terminals 130" || !strings.Contains(out.String(), want) {
			t.Errorf("held %v/s: %v, %s", low, err, out.String())
		}
	}
	f.trials = []capacity.Trial{held, short, silent}
	for _, found := range []capacity.Band{{Low: 40, High: 80}, {Low: 80, High: math.Inf(1)}} {
		if err := f.answer(new(strings.Builder), found, 400, nil); err != nil {
			t.Errorf("%+v: %v", found, err)
		}
	}
}
