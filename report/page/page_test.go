package page

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
)

// stalling is a run of the host of docs/method.md, recorded as a real run is: it
// answers after a millisecond, but holds everything for the first second of each
// ten. Some cards are declined and, at the end, some answers never come.
func stalling(rate int, lasts, warmup time.Duration) *report.Report {
	names := []string{"purchase", "QR payment", "balance", "撤销", "settlement"}
	rec := report.NewRecorder(names, 5*time.Second, warmup)
	shard := rec.Shard()
	rng := rand.New(rand.NewPCG(7, 7))
	var all []report.Sample
	n := int(lasts.Seconds()) * rate
	for k := range n {
		due := time.Duration(k) * lasts / time.Duration(n)
		sent := due + time.Duration(60*math.Exp(rng.NormFloat64()/2))*time.Microsecond
		took := time.Millisecond + time.Duration(200*math.Exp(rng.NormFloat64()))*time.Microsecond
		if into := due % (10 * time.Second); into < time.Second {
			took += time.Second - into
		}
		x := report.Sample{Label: min(rng.IntN(9), rng.IntN(9), 4), Due: due, Sent: sent, Done: sent + took, Code: [4]byte{'0', '0'}}
		switch u := rng.Float64(); {
		case u < 0.03:
			x.Outcome, x.Code = report.Declined, [4]byte{'5', '1'}
		case u < 0.04 && due > lasts/2:
			x.Outcome, x.Code, x.Done = report.TimedOut, [4]byte{}, due+5*time.Second
		}
		all = append(all, x)
	}
	for i := range int(lasts.Seconds()) {
		rec.Planned(time.Duration(i)*time.Second, int64(rate))
	}
	slices.SortFunc(all, func(a, b report.Sample) int { return cmp.Compare(a.Done, b.Done) })
	for now := time.Second; len(all) > 0; now += time.Second {
		for len(all) > 0 && all[0].Done < now {
			shard.Record(all[0])
			all = all[1:]
		}
		for k := 0; k < rate && now <= lasts; k++ {
			shard.Played(0)
		}
		rec.Tick(now)
	}
	r := rec.Report()
	r.Started = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	r.Plan = report.Plan{
		Command: []string{"posfleet", "load", "--rate", fmt.Sprint(rate, "/s"), "--limit", "p99 of purchase < 250ms"},
		Model:   "open", Arrivals: fmt.Sprintf("%d/s constant", rate), For: lasts, Warmup: warmup, Timeout: 5 * time.Second,
		Drain: 5 * time.Second, Terminals: 1000, Lines: "own", Mix: map[string]float64{"purchase": 0.7, "balance": 0.3},
		Seed: 7, Target: "bundled host", Dialect: "cup", Digests: map[string]string{"cup/purchase.feature": strings.Repeat("0f", 32)},
	}
	r.Environment = report.Environment{Version: "v0.1.0", Go: "go1.26.8", OS: "linux/amd64", CPU: "a processor", Cores: 2, GOMAXPROCS: 2, Clock: "tsc", ClockCost: 41}
	r.Validity.SameHost = true
	r.Money = report.Money{Checked: true, Compared: 1000, Terminals: 123_456_789, Host: 123_456_789, Payments: 9000}
	return r
}

// troubled is the same run with everything wrong that can be.
func troubled() *report.Report {
	r := stalling(200, 40*time.Second, 5*time.Second)
	for i := range r.Seconds {
		switch {
		case i >= 20 && i < 23:
			r.Seconds[i].Level, r.Seconds[i].Reason = report.Invalid, "lag p99 31 ms"
		case i >= 18 && i < 26:
			r.Seconds[i].Level, r.Seconds[i].Reason = report.Suspect, "busiest core idle 12 %"
		}
	}
	r.Validity = report.Validity{Level: report.Invalid, SameHost: true, Reasons: []string{"seconds 20 to 22: lag p99 31 ms, bound 20 ms", "seconds 18 to 25: busiest core idle 12 %, bound 20 %"}}
	r.Limits = []report.LimitResult{{Limit: "p99 of purchase < 250ms", Seen: "902 ms", Why: "902 ms is not below 250 ms"}, {Limit: "unanswered < 5 %", Seen: "0.51 %", OK: true}}
	r.Money = report.Money{Checked: true, Compared: 10, Terminals: 10_000, Host: 9_500, Payments: 3, Owed: 2, Detail: []string{"terminal 10000001, batch 3: terminal 100.00, host 95.00"}}
	r.Faults = map[string]int64{"answer lost": 12}
	r.Late, r.Duplicate, r.Unmatched, r.NotPlayed, r.Interrupted = 12, 1, 3, 44, true
	r.Plan.Model = "closed"
	r.Planned, r.Stuck = r.Played+r.NotPlayed+5, map[string]int64{"the batch is full (500), settle first": 5}
	r.Failed, r.Failures = 7, []report.Failure{{At: "cup/refund.feature:12", Sentence: "the host approves", Outcome: "timed out", N: 7, Why: "no answer in time"}}
	r.SignIn = report.Phase{Terminals: 1000, Failed: 3, First: "10000005", Took: time.Second, Why: map[string]int64{"the host answers 97": 3}}
	r.Waited = report.Waited{Arrivals: 100, Longest: time.Second, Terminals: 997, Enough: 2000}
	r.Labels[0].Reasons = map[string]int64{"a dish is <sold> out": 3}
	r.Rules = []report.RuleCount{{ID: "ANS-37-PRESENT", Level: "should", N: 77}}
	r.Strays = []report.Stray{{Kind: "0620, the answer to no request of this line", N: 4, First: "MTI  0620"}}
	r.Lines = report.Lines{Connected: 1000, Refused: 9}
	r.Settlements = report.Settlements{Balanced: 1, Unbalanced: 2, Detail: []string{"terminal 10000009, batch 000004: the host has 12.01"}}
	return r
}

func written(t *testing.T, r *report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A page is mailed around: ten minutes must fit.
func TestPageOfTenMinutesIsSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	doc := written(t, stalling(50, 10*time.Minute, 20*time.Second))
	if got := len(doc); got > 200_000 {
		t.Errorf("%d octets, want at most 200000", got)
	}
}

// What comes from hosts and feature files is text, whatever it holds.
func TestPageEscapes(t *testing.T) {
	evil := `</script><script>alert(1)</script><img src=x onerror="alert(2)">&'` + "\u2028`${alert(3)}"
	r := stalling(50, 2*time.Second, 0)
	r.Labels[0].Name, r.Labels[0].Codes = evil, map[string]int64{evil[:2]: 3}
	r.Plan.Target, r.Plan.Arrivals, r.Plan.Command = evil, evil, []string{"posfleet", evil}
	r.Validity.Reasons, r.Seconds[0].Reason, r.Seconds[0].Level = []string{evil}, evil, report.Suspect
	r.Money.Detail = []string{evil}
	r.Limits = []report.LimitResult{{Limit: evil, Seen: evil, Why: evil}}
	r.Faults = map[string]int64{evil: 1}
	r.Plan.Digests = map[string]string{evil: evil}
	doc := written(t, r)
	for _, raw := range []string{"<script>alert", "<img", "onerror=\"", "</script><script>alert"} {
		if strings.Contains(doc, raw) {
			t.Errorf("the page holds %q as markup", raw)
		}
	}
	if got, want := strings.Count(doc, "<script"), 3; got != want {
		t.Errorf("%d script elements, want %d", got, want)
	}
}

// The policy names the digests of exactly what the page runs, and nothing else
// may be fetched or run.
func TestPagePolicyFitsThePage(t *testing.T) {
	doc := written(t, stalling(50, 2*time.Second, 0))
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(doc)
	if policy == nil {
		t.Fatal("no policy")
	}
	said := strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(policy[1])
	for _, tag := range []string{"script", "style"} {
		for _, m := range regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(doc, -1) {
			if !strings.Contains(said, digest(m[1])) {
				t.Errorf("the policy %q does not know a %s of %d octets that begins %.40q", said, tag, len(m[1]), m[1])
			}
		}
	}
	for _, want := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(said, want) {
			t.Errorf("the policy %q lacks %s", said, want)
		}
	}
	if strings.Contains(said, "unsafe") {
		t.Errorf("the policy %q allows what it should forbid", said)
	}
	if !strings.Contains(doc, "Copyright (c) 2022 Leon Sorokin") {
		t.Error("uPlot goes out without its licence")
	}
}

// A run in which nothing happened, and one that was cut off at once, have pages.
func TestEmptyRunHasAPage(t *testing.T) {
	for name, r := range map[string]*report.Report{"zero": {}, "no seconds": {Labels: []report.Label{{Name: "purchase"}}}, "stopped": {Interrupted: true, Seconds: []report.Second{{}}}} {
		doc := written(t, r)
		if !strings.Contains(doc, "Limits") || !strings.HasSuffix(strings.TrimSpace(doc), "</html>") {
			t.Errorf("%s: not a whole page", name)
		}
	}
}

// The page says of each figure what the text report would: a percentile that too
// few samples carry is not made up.
func TestPageSaysHowFarAFigureGoes(t *testing.T) {
	r := stalling(20, 4*time.Second, 0)
	doc := written(t, r)
	for _, want := range []string{"n too small", "No warm-up was asked for", "no figure here is a capacity of the host"} {
		if !strings.Contains(doc, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	doc = written(t, troubled())
	for _, want := range []string{"Closed model: latency excludes queueing before the terminal", "The generator was the limit", "stopped before its time",
		"1 of 2 not held", "disagree", "terminal 10000001, batch 3", "Late answers", "first 5 s are warm-up",
		"5 of ", "arrivals sent nothing of their own", "the batch is full (500)", "7 did not hold", "cup/refund.feature:12", "3 of 1,000 terminals could not sign in",
		"because: the host answers 97", "2,000 terminals would do", "a dish is &lt;sold&gt; out", "ANS-37-PRESENT", "0620, the answer to no request", "could not be had", "batch 000004", "--limit &#39;p99 of purchase &lt; 250ms&#39;"} {
		if !strings.Contains(doc, want) {
			t.Errorf("the troubled page does not say %q", want)
		}
	}
}

// wordy is a run whose host, errors and files have names without a blank in them.
func wordy() *report.Report {
	r := troubled()
	word := strings.Repeat("averylongnamewithoutablank_", 4)
	r.Stuck = map[string]int64{word: 4}
	r.SignIn.Why = map[string]int64{word: 1}
	r.SignIn.First = word
	r.Opening = r.SignIn
	r.Validity.Reasons = []string{word}
	r.Settlements.Detail, r.Money.Detail = []string{word}, []string{word}
	r.Strays = []report.Stray{{Kind: word, N: 1, First: word}}
	r.Incomplete = word
	r.Plan.Digests = map[string]string{word: strings.Repeat("0123456789abcdef", 4)}
	r.Failures = []report.Failure{{At: word, Sentence: word, Outcome: "approved", N: 1, Why: word}}
	return r
}

// The page names each agent of a run that several shared: what it did, how far it came,
// and how well its clock was known.
func TestPageTellsOfEachAgent(t *testing.T) {
	r := stalling(100, 12*time.Second, time.Second)
	r.Agents = []report.Agent{
		{Number: 1, Name: "a/1", State: "ended", Terminals: 500, Planned: 600, Played: 600, Sent: 700, Answered: 690, P50: time.Millisecond, P99: 90 * time.Millisecond, Verdict: "valid", Offset: -3 * time.Millisecond, Within: 200 * time.Microsecond, Drift: time.Microsecond},
		{Number: 2, Name: "<b>/2", State: "lost", Lost: "not heard of any more", Verdict: "not judged", Within: 100 * time.Microsecond, Late: time.Millisecond},
		{Number: 3, State: "", Verdict: "not judged"},
	}
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{
		`<th scope="row">1 a/1</th><td class="words good">✓ ended</td><td>500</td><td>600</td><td>600</td><td>700</td><td>690</td><td>1.00 ms</td><td>90.0 ms</td><td class="words good">valid</td><td>−3.00 ms ± 200 µs, moved by &#43;1 µs</td><td>≤ 200 µs</td>`,
		`2 &lt;b&gt;/2</th><td class="words bad">✗ lost: not heard of any more</td>`, `<td>≤ 1.10 ms</td>`, `… waited for`, `Begun within 1.30 ms of each other`,
	} {
		if !strings.Contains(b.String(), words) {
			t.Errorf("the page does not say %s", words)
		}
	}
	r.Agents = nil
	b.Reset()
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "By agent") {
		t.Error("a run of one process has agents")
	}
}
