package report

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; -update writes it anew. got:\n%s", file, got)
	}
}

// lunch is a good run of 30 s at 500/s, its latencies made by rule.
func lunch(t testing.TB) *Report {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	r := NewRecorder([]string{"sign-in", "purchase", "qr-payment", "balance", "reversal", "settlement"}, 30*time.Second, 5*time.Second)
	s := r.Shard()
	for i := range 200 {
		s.Record(Sample{Due: -time.Hour, Sent: -time.Hour, Done: -time.Hour + 3*ms + time.Duration(i)*ms/100, Code: [4]byte{'0', '0'}})
	}
	for sec := range 30 {
		for i := range 500 {
			due := time.Duration(sec)*time.Second + time.Duration(i)*2*ms
			r.Planned(due, 1)
			s.Played(0)
			k := (sec*500+i)*7919%15000 + 1
			x := Sample{Label: 1, Due: due, Sent: due + time.Duration(40+k%50)*time.Microsecond, Code: [4]byte{'0', '0'}}
			x.Done = x.Sent + ms + time.Duration(float64(9*ms)*float64(k)/float64(15000)) + time.Duration(60_000_000/(15001-k))*time.Microsecond/10
			switch {
			case i%10 >= 9:
				x.Label = 3
			case i%10 >= 7:
				x.Label = 2
			case i%100 == 3:
				x.Outcome, x.Code = Declined, [4]byte{'5', '1'}
			case i == 404 && sec%10 == 7:
				x.Outcome, x.Code, x.Done = TimedOut, [4]byte{}, x.Sent+30*time.Second
				s.Late(1)
			}
			s.Record(x)
			if x.Outcome == TimedOut {
				s.Failed()
				s.Record(Sample{Label: 4, Due: x.Done, Sent: x.Done, Done: x.Done + 2*ms, Code: [4]byte{'0', '0'}})
			}
		}
		iv := r.Tick(time.Duration(sec+1) * time.Second)
		iv.Second.Signals = Signals{CPU: 0.31, Busiest: 0.52, Sched: 80 * time.Microsecond, GCPause: 120 * time.Microsecond, Watchdog: 900 * time.Microsecond}
	}
	rep := r.Report()
	rep.Started = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	rep.Plan = Plan{
		Command: []string{"posfleet", "load", "--rate", "500/s", "--for", "30s"}, Model: "open", Arrivals: "500/s constant",
		For: 30 * time.Second, Warmup: 5 * time.Second, Timeout: 30 * time.Second, Drain: 30 * time.Second,
		Terminals: 1000, Lines: "own", Mix: map[string]float64{"purchase": 0.7, "qr-payment": 0.2, "balance": 0.1},
		Seed: 42, Target: "10.0.0.9:8583", Dialect: "cup", Digests: map[string]string{"features/load/lunch.feature": "9f86d081"},
	}
	rep.Environment = Environment{Version: "v0.1.0", Go: "go1.26.8", OS: "linux/amd64", CPU: "test", Cores: 2, GOMAXPROCS: 2, GOGC: "100", GOMEMLIMIT: "off", Clock: "tsc", ClockCost: 40, Hostname: "box"}
	rep.Money = Money{Checked: true, Compared: 1000, Terminals: 1234567, Host: 1234567, Payments: 12345}
	rep.Faults = map[string]int64{"lost answer": 3}
	rep.Validity = ValidityOf(rep.Seconds, false)
	if err := rep.Check(); err != nil {
		t.Fatal(err)
	}
	return rep
}

func judged(t testing.TB, r *Report, limits ...string) *Report {
	t.Helper()
	r.Judge(parsed(t, limits...))
	return r
}

func parsed(t testing.TB, limits ...string) (all []Limit) {
	t.Helper()
	for _, text := range limits {
		l, err := ParseLimit(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// trouble is a closed run against the bundled host in which everything that a
// reader must be told went wrong.
func trouble(t *testing.T) *Report {
	t.Helper()
	r := NewRecorder([]string{"purchase", "余额查询 with a long name"}, 5*time.Second, 0)
	s := r.Shard()
	for sec := range 10 {
		for i := range 40 {
			due := time.Duration(sec)*time.Second + time.Duration(i)*25*ms
			r.Planned(due, 1)
			s.Played(0)
			x := Sample{Label: i % 2, Due: due, Sent: due + ms, Done: due + 12*ms, Code: [4]byte{'0', '0'}}
			switch {
			case i == 5:
				x.Outcome, x.Code = Refused, [4]byte{0x1b, '['}
			case i == 7:
				x.Outcome, x.Code, x.Done = Broken, [4]byte{}, due+3*ms
			case sec >= 8 && i%2 == 0:
				x.Outcome, x.Code, x.Done = Open, [4]byte{}, 10*time.Second+due%ms
			case i == 9:
				x.Outcome, x.Code = Unsent, [4]byte{}
			case i == 11:
				x.Done = due + 10*time.Minute
			}
			s.Record(x)
		}
		iv := r.Tick(time.Duration(sec+1) * time.Second)
		if sec == 2 || sec > 4 && sec < 8 {
			iv.Second.Signals = Signals{CPU: 0.97, Busiest: 1, GCPause: 34 * ms}
		}
	}
	s.Duplicate(3)
	s.Unmatched(1)
	for range 4 {
		r.Planned(9*time.Second, 1)
		r.Stuck(s, s.Played(9*time.Second), errors.New("the terminal refuses: the batch is full (500), settle first"))
	}
	for range 7 {
		s.Failed()
		r.Failure("cup/refund.feature:12", "the host approves", TimedOut, errors.New("no answer in time"))
	}
	r.Held(time.Second, 300*ms)
	r.Busy(2*time.Second, 4*time.Second)
	r.Planned(9*time.Second, 12)
	r.NotPlayed(12)
	r.Tick(10 * time.Second)
	rep := r.Report()
	rep.Started = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	rep.Plan = Plan{Model: "closed", Arrivals: "40 terminals, 0 s think time", For: 10 * time.Second, Timeout: 5 * time.Second, Terminals: 1, Lines: "each", Target: "bundled host", Dialect: "iso87"}
	rep.Interrupted = true
	rep.ClockDrift = -1500 * ms
	rep.Environment.Clock = "hpet"
	rep.Money = Money{Checked: true, Compared: 1000, Terminals: 1234500, Host: 1234567, Payments: 380, Owed: 2, Detail: []string{
		"terminal 10000017, batch 000003: terminal 120.00 yuan, host 120.67 yuan",
	}}
	rep.Waited = r.Waited(200)
	rep.SignIn = phase(t)
	rep.Strays = []Stray{{Kind: "0620 administrative advice", N: 1, First: "| MTI  0620  administrative advice\n|  11  trace  000123\n"}}
	rep.Lines = Lines{Connected: 412, Refused: 10}
	rep.Settlements = Settlements{Balanced: 1, Explained: 2, Uncompared: 3, Unbalanced: 1, Failed: 5, Detail: []string{
		"terminal 10000017, batch 000003: debits of 12.00 yuan in 1, the host has 12.01 yuan in 1",
	}}
	rep.Validity = ValidityOf(rep.Seconds, true)
	if err := rep.Check(); err != nil {
		t.Fatal(err)
	}
	return rep
}

func TestTextOfAGoodRun(t *testing.T) {
	r := lunch(t)
	r.Failed, r.SignIn = 0, phase(t)
	r.SignIn.Failed, r.SignIn.Why, r.SignIn.First = 0, nil, ""
	r.Judge(WithDefaults(parsed(t, "p99 of purchase < 250ms", "unanswered < 0.1%", "refused = 0", "rate > 450/s")))
	golden(t, "good.txt", render(t, r, false))
	golden(t, "good.ansi", render(t, r, true))
}

func TestTextOfARunInTrouble(t *testing.T) {
	r := trouble(t)
	r.Judge(WithDefaults(parsed(t, "p99 of purchase < 250ms", "p50 of purchase < 250ms", "notplayed = 0", "p99.99 < 1h")))
	golden(t, "trouble.txt", render(t, r, false))
}

func TestTextOfNothing(t *testing.T) {
	golden(t, "nothing.txt", render(t, &Report{}, false))
}

func render(t *testing.T, r *Report, color bool) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteText(&out, color); err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(out.String()) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if w := Columns(line); w > width {
			t.Errorf("line %d has %d columns: %q", n, w, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("line %d ends in spaces: %q", n, line)
		}
		if !color && strings.ContainsRune(line, 0x1b) {
			t.Errorf("line %d has an escape: %q", n, line)
		}
	}
	return out.Bytes()
}

// Amounts are told in the run's currency, in a folder that is read again, too.
func TestAmountsAreToldInTheCurrencyOfTheRun(t *testing.T) {
	r := lunch(t)
	r.Money.Unit = "NGN"
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var s summaryJSON
	if err := s.read(&b); err != nil {
		t.Fatal(err)
	}
	again, err := s.report()
	if err != nil {
		t.Fatal(err)
	}
	if merged := again.Money.plus(Money{Checked: true}); merged.Unit != "NGN" {
		t.Errorf("parts put together are told in %q", merged.Unit)
	}
	r.Money.Unit = again.Money.Unit
	if text := textOf(t, r); !strings.Contains(text, "12,345.67 NGN on both sides") || strings.Contains(text, "yuan") {
		t.Errorf("a run in naira is told as\n%s", text)
	}
}

// What only the host's flags say is called so; attempts to settle are no settlements,
// and where none succeeded there is no rate of them.
func TestSettlementsAreToldAsWhatTheyAre(t *testing.T) {
	r := lunch(t)
	r.Money.Settled = true
	r.Settlements = Settlements{Balanced: 0, Failed: 15}
	r.Opening = Phase{Terminals: 5, Took: 674 * time.Microsecond, Label: Label{Name: "settlement"}}
	var b strings.Builder
	if err := r.WriteText(&b, false); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{"15 attempts NOT DONE", "settling 0 of 5 terminals settled in 674 µs", "books agree as the host's settlements say: 12,345 payments, 12,345.67 yuan in the journals", "its ledger was not seen"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, &b)
		}
	}
	if strings.Contains(text, "on both sides") || strings.Contains(text, "settled in 674 µs,") {
		t.Errorf("it tells more than is known:\n%s", &b)
	}
	if r.Opening.Label.Counts[Approved] = 4; !strings.Contains(textOf(t, r), "4 of 5 terminals settled in 674 µs, 5,9") {
		t.Errorf("four of five:\n%s", textOf(t, r))
	}
	var summary strings.Builder
	if err := r.WriteJSON(&summary); err != nil || !strings.Contains(summary.String(), `"evidence": "settlement flags"`) {
		t.Errorf("run.json does not say what the books were compared with (%v)", err)
	}
}

func textOf(t *testing.T, r *Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteText(&b, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Batches that a host calls unbalanced with the terminal's own totals differ in nothing.
func TestBooksThatDisagreeByFlagAloneSayNothingOfAmounts(t *testing.T) {
	r := lunch(t)
	r.Money = Money{Checked: true, Settled: true, Compared: 1, Terminals: 100, Host: 100, Payments: 1, Detail: []string{"terminal 10000001, batch 000001: the host says flag 2, unbalanced, with the terminal's own totals"}}
	if text := strings.Join(strings.Fields(string(render(t, r, false))), " "); !strings.Contains(text, "BOOKS DISAGREE: 1.00 yuan net on both sides, but not every batch balanced (1 did not, above)") {
		t.Error(text)
	}
}

// Books of which most are unknown do not agree: the headline says on how many terminals they
// were compared.
func TestBooksAgreeOnWhatWasCompared(t *testing.T) {
	for _, settled := range []bool{false, true} {
		r := lunch(t)
		r.Money.Settled, r.Money.Compared, r.Money.Unknown = settled, 1, 19
		var b strings.Builder
		if err := r.WriteText(&b, false); err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(strings.Fields(b.String()), " "); !strings.Contains(text, "money books agree on 1 of 20 terminals") {
			t.Errorf("settled %v: the headline does not say on how many\n%s", settled, &b)
		}
	}
}
