package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/posfleet/posfleet/report"
)

// Measure is a figure that each run has one of.
type Measure struct {
	Label string  // of the exchanges; empty for all
	Q     float64 // the quantile of their response times; 0 for how many were approved a second
	Share string  // [Unanswered] or [Failed]; empty for the above
}

// Shares that are compared.
const (
	Unanswered = "unanswered" // exchanges without an answer, of those due
	Failed     = "failed"     // scenarios that did not hold, of those played
)

// Apart are the labels whose approvals are nobody's business that was asked for: what
// terminals do to begin and to end, to undo and to find out what a lost answer left open.
var Apart = []string{
	"sign-in", "sign-off", "cashier-sign-in", "echo", "status-upload", "reversal", "qr-query",
	"settlement", "batch-upload", "upload-end", "chip-upload", "chip-notice", "advice-upload", "load-upload", "script-result",
	"signature-upload", "signature-part", "password-reset", "order-result", "download-query", "download", "download-end",
	"master-key", "master-key-rsa", "master-key-end", "key-change", "cut-over",
}

// quantiles are those that are compared of each label.
var quantiles = []float64{0.5, 0.9, 0.99, 0.999}

// String names the measure: "p99 of purchase", "approved a second", "unanswered".
func (m Measure) String() string {
	switch {
	case m.Share != "":
		return m.Share
	case m.Q == 0:
		return "approved a second"
	}
	return fmt.Sprintf("p%g of %s", 100*m.Q, m.Label)
}

// scaled is a figure on the scale on which its changes are told: shares as they are, of
// all else the logarithm.
func (m Measure) scaled(x float64) float64 {
	if m.Share != "" {
		return x
	}
	return math.Log(x)
}

// least is the smallest change that is one, on that scale.
func (m Measure) least() float64 {
	if m.Share != "" {
		return 0
	}
	return resolution
}

// of is the measure of one run, in seconds, a second or of 1; why says that it has none.
func (m Measure) of(run *Run) (x float64, why string) {
	switch {
	case m.Share != "":
		n, of := m.share(run)
		if of == 0 {
			return 0, "nothing was played"
		}
		return float64(n) / float64(of), ""
	case m.Q == 0:
		var approved int64
		for _, l := range run.Report.Labels {
			if !slices.Contains(Apart, l.Name) {
				approved += l.Counts[report.Approved]
			}
		}
		if approved == 0 {
			return 0, "nothing was approved"
		}
		return float64(approved) / run.Report.Measured().Seconds(), ""
	}
	q := run.Report.Label(m.Label).Quantile(m.Q)
	switch {
	case q.N == 0:
		return 0, "no such exchange"
	case q.TooFew:
		return 0, fmt.Sprintf("%d exchanges are too few for it, it takes %d", q.N, report.MinSamples(m.Q))
	case q.AtLeast:
		return 0, "known only to be at least so much: exchanges without an outcome reach into it"
	}
	return q.Value.Seconds(), ""
}

// share is how many of how many of a run.
func (m Measure) share(run *Run) (n, of int64) {
	if m.Share == Failed {
		return run.Report.Failed, run.Report.Played
	}
	for i := range run.Report.Labels {
		bad, due := unanswered(run.Report.Labels[i].Counts)
		n, of = n+bad, of+due
	}
	return n, of
}

// unanswered is how many of the exchanges due had no answer.
func unanswered(c report.Counts) (n, due int64) {
	return c[report.TimedOut] + c[report.Broken] + c[report.Open] + c[report.Unsent], c.Sent() + c[report.Unsent]
}

// slices of one label, in the order of their seconds.
func (r *Run) slices(label string) (all []report.Slice) {
	for _, s := range r.Slices {
		if s.Label == label {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b report.Slice) int { return cmp.Compare(a.From, b.From) })
	return all
}

// seconds are those after the warm-up that are whole.
func (r *Run) seconds() (all []report.Second) {
	for _, s := range r.Report.Seconds {
		if !s.Warmup && s.Length > 500*time.Millisecond {
			all = append(all, s)
		}
	}
	return all
}

// rates are how many were approved in each second after the warm-up, as the measure counts.
func (r *Run) rates() (all []float64) {
	approved := map[time.Duration]int64{}
	for _, s := range r.Slices {
		if !slices.Contains(Apart, s.Label) {
			approved[s.From.Round(time.Second)] += s.Counts[report.Approved]
		}
	}
	for _, s := range r.seconds() {
		all = append(all, float64(approved[s.At.Round(time.Second)])/s.Length.Seconds())
	}
	return all
}
