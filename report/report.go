// Package report says what a run found, and tells it: as text, JSON and an
// interval log. The page and the pictures are report/page's and report/plot's.
//
// A run's workers write to the [Shard]s of one [Recorder]. Each second the
// recorder merges its shards into an [Interval]; all intervals make the
// [Report]. Reports of several runs, or of one run spread over machines,
// merge by adding histograms, never by averaging percentiles.
package report

import (
	"cmp"
	"strings"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Outcome is the one class that an exchange ends in.
type Outcome uint8

const (
	Approved Outcome = iota // answered, verified, and approved
	Declined                // answered, verified, and declined by the host
	Refused                 // answered, but the answer failed the terminal's checks (MAC, echoed fields)
	TimedOut                // no answer within the response timeout
	Broken                  // the line broke after the request had been written, in whole or in part
	Open                    // no answer yet when the run ended: censored, its age is a lower bound
	Unsent                  // never written: no connection could be had
	Outcomes                // how many there are
)

// String gives the outcome as reports print it.
func (o Outcome) String() string {
	return [...]string{"approved", "declined", "refused", "timed out", "broken", "open", "unsent", "?"}[min(o, Outcomes)]
}

// Key gives the outcome as files name it: "timed_out".
func (o Outcome) Key() string { return strings.ReplaceAll(o.String(), " ", "_") }

// Counts holds a number for each outcome.
type Counts [Outcomes]int64

func (c *Counts) add(o Counts) {
	for i, n := range o {
		c[i] += n
	}
}

// Sent is the number of exchanges of which at least one octet was written.
func (c Counts) Sent() int64 {
	var n int64
	for o, k := range c {
		if Outcome(o) != Unsent {
			n += k
		}
	}
	return n
}

// Label is what a run found about one kind of transaction ("purchase",
// "reversal", …) outside the warm-up. Histograms are in microseconds.
type Label struct {
	Name     string
	Counts   Counts
	Codes    map[string]int64 // answers by response code (field 39)
	Reasons  map[string]int64 // of these, those that refuse an order, or its payment or refund, by why; nil for none
	Response *hdr.Histogram   // done - due, the headline; a timeout counts as its age
	Service  *hdr.Histogram   // done - sent
	Lag      *hdr.Histogram   // the generator's own lateness: sent - due, less what it waited for a terminal, an own reversal or a connection
	Clamped  int64            // values beyond the histogram's range, counted at its end
	Censored *hdr.Histogram   // ages of the open and broken exchanges, which are in Response too; nil when none
	Warmup   Counts           // exchanges due during the warm-up; kept apart from all the above
}

// Second is one second of the run, over all labels. Its counts have the exchanges
// that were due during the warm-up, and its latencies too as long as the warm-up
// lasts.
type Second struct {
	At       time.Duration // start of the second, since the start of the run
	Length   time.Duration // a second, give or take; the run's last one may be short
	Warmup   bool
	Planned  int64 // arrivals due in this second
	Played   int64 // arrivals that a terminal began in this second and could send something for
	Stuck    int64 // those that it began then and could send nothing for, known as that then or later
	Held     int64 // arrivals due in this second for which no terminal was free then: all waited for the host
	Counts   Counts
	Response Quantiles
	Service  Quantiles
	LagP50   time.Duration
	LagP99   time.Duration
	Signals  Signals // of the generator itself
	Level    Level   // how far this second can be trusted
	Reason   string  // why it is not valid, in words
}

// Quantiles is a short summary of one histogram; N is the number of samples.
type Quantiles struct {
	N                        int64
	P50, P90, P99, P999, Max time.Duration
}

// Level says how far the generator and its figures can be trusted.
type Level uint8

const (
	Valid Level = iota
	Suspect
	NotJudged // nothing of it was, or not all of it is known
	Invalid
)

// String gives the level as reports print it.
func (l Level) String() string {
	return [...]string{"valid", "suspect", "not judged", "invalid"}[min(l, Invalid)]
}

// Signals are what the generator measured of itself in one second
// (docs/method.md gives the bounds that make a second suspect or invalid).
type Signals struct {
	CPU       float64       // of the process, as a share of the cores allotted to it, 0..1
	Busiest   float64       // busy share of the machine's busiest core, 0..1
	Steal     float64       // share of time taken by the hypervisor, 0..1
	Sched     time.Duration // p99 of the time goroutines waited to run
	GCPause   time.Duration // longest garbage collection pause
	Watchdog  time.Duration // how late the watchdog goroutine woke, at worst
	Exhausted int64         // sends refused for want of descriptors, ports or buffers
	Dropped   int64         // connections that a listener of this machine dropped
}

// Validity says how far the figures of the whole run can be trusted: whether the
// generator kept up with its plan.
type Validity struct {
	Level    Level
	Reasons  []string // each names its seconds, its figure and its bound
	SameHost bool     // host and generator shared this machine: no figure is a capacity of the host
}

// Reason is the first reason for its level, empty for none: those of several agents stand
// one agent's after the other's, whoever's are the worse.
func (v *Validity) Reason() string {
	for _, reason := range v.Reasons {
		if strings.Contains(": "+reason, ": "+v.Level.String()+": ") {
			return reason
		}
	}
	for _, reason := range v.Reasons { // that it was not judged stands without the level
		if !strings.Contains(": "+reason, ": "+Suspect.String()+": ") && !strings.Contains(": "+reason, ": "+Invalid.String()+": ") {
			return reason
		}
	}
	return ""
}

// Money says whether the books of the terminals and of the host agree.
type Money struct {
	Checked   bool     // false when there was nothing to compare with
	Settled   bool     // compared with what the host said at settlements, its ledger cannot be seen
	Compared  int      // terminals whose journal was compared
	Unknown   int      // terminals that cannot know what they took: a reversal is owed, a batch was not settled
	Open      int64    // payments without a verified answer that owe no reversal: booked or not, both agree
	Terminals int64    // net of what the terminals compared took, in minor units (fen)
	Host      int64    // net of what the host booked, in minor units (fen)
	Decimals  *int     // of the currency; nil for two
	Unit      string   // what amounts are told in, as NGN; empty for yuan
	Payments  int64    // approved payments in the terminals' journals
	Credits   int64    // refunds and voids there, which the amounts are less of
	Owed      int64    // reversals still owed, or given up, when the run ended
	Detail    []string // each disagreement: terminal, batch, both figures
}

// Agree reports whether the books were compared and agree: each terminal's journal
// allows what the host has.
func (m Money) Agree() bool { return m.Checked && m.Compared > 0 && len(m.Detail) == 0 }

// Format writes an amount of these books as people do: "12,345.67".
func (m Money) Format(n int64) string {
	decimals := 2
	if m.Decimals != nil {
		decimals = *m.Decimals
	}
	return groupDigits(FormatAmount(n, decimals))
}

// Told is an amount of these books with what it is in: "12,345.67 yuan".
func (m Money) Told(n int64) string { return m.Format(n) + " " + cmp.Or(m.Unit, "yuan") }

// Settlements is how the totals of the run's settlements compared.
type Settlements struct {
	Balanced   int64    `json:"balanced"`
	Explained  int64    `json:"explained"`  // unbalanced by payments whose answers were lost, and by nothing else
	Uncompared int64    `json:"uncompared"` // unbalanced, in a batch that may hold payments from before the run
	Unbalanced int64    `json:"unbalanced"` // and nothing explains it
	Failed     int64    `json:"failed"`     // attempts not approved, or never finished, at batches that none closed
	Repeated   int64    `json:"repeated"`   // the same, at batches that a later one closed: none of All
	CutOff     int64    `json:"cut_off"`    // by whoever ended the run at once: the host's totals are not known
	Detail     []string `json:"detail,omitempty"`
}

// Broken is how many were not as they must be.
func (s Settlements) Broken() int64 { return s.Unbalanced + s.Failed }

// All is how many there were.
func (s Settlements) All() int64 {
	return s.Balanced + s.Explained + s.Uncompared + s.CutOff + s.Broken()
}

// Stray is a message that no exchange waited for, and how many there were of its
// kind.
type Stray struct {
	Kind  string `json:"kind"` // its MTI, and why it is nobody's
	N     int64  `json:"n"`
	First string `json:"first"` // the first, field by field, masked
}

// Lines is what the lines of a run did.
type Lines struct {
	Connected int64 `json:"connected"` // connections made
	Refused   int64 `json:"refused"`   // that could not be had
}

// Environment is where and how a run was made.
type Environment struct {
	Version    string        `json:"version"`
	Go         string        `json:"go"`
	OS         string        `json:"os"`
	CPU        string        `json:"cpu"`
	Cores      int           `json:"cores"`
	GOMAXPROCS int           `json:"gomaxprocs"`
	GOGC       string        `json:"gogc"`
	GOMEMLIMIT string        `json:"gomemlimit"`
	Clock      string        `json:"clock"` // the kernel's clock source
	ClockCost  time.Duration `json:"clock_cost_ns"`
	Hostname   string        `json:"hostname"`
}

// Plan is how a run was asked for: enough to run it again.
type Plan struct {
	Command   []string           `json:"command"`
	Model     string             `json:"model"`    // "open" or "closed"
	Arrivals  string             `json:"arrivals"` // "500/s constant", "ramp 0/s to 500/s over 10s", "poisson 500/s"
	For       time.Duration      `json:"for_ns"`
	Warmup    time.Duration      `json:"warmup_ns"`
	Timeout   time.Duration      `json:"timeout_ns"`
	Drain     time.Duration      `json:"drain_ns"`
	Terminals int                `json:"terminals"`
	Lines     string             `json:"lines"`                  // "own", "each", "shared:8"
	Profile   string             `json:"line_profile,omitempty"` // that the lines were played like; empty for as they are
	Mix       map[string]float64 `json:"mix"`                    // scenario id to share, sums to 1
	Seed      uint64             `json:"seed"`                   // 0 of added parts that had different ones
	Target    string             `json:"target"`                 // address, or "bundled host"
	Dialect   string             `json:"dialect"`
	Digests   map[string]string  `json:"digests"`           // SHA-256 of each feature and profile played
	Faults    []string           `json:"faults,omitempty"`  // that lines are made to have, and how often: "answer-lost=5%", in order
	Settle    bool               `json:"settle,omitempty"`  // every terminal settles before the first arrival and after the last
	Strict    bool               `json:"strict,omitempty"`  // answers that break a rule that they should keep are failures
	Books     bool               `json:"books,omitempty"`   // the books must be compared, and agree
	Pressed   []Press            `json:"pressed,omitempty"` // keys that changed the arrivals while they were played
	Shares    []int              `json:"shares,omitempty"`  // which of Of equal shares this is, from 1; empty for the whole
	Of        int                `json:"of,omitempty"`
}

// UnderWay is why a run that is seen while it runs is not whole: Report.Incomplete begins
// with it.
const UnderWay = "it is under way"

// Report is what a run found.
type Report struct {
	Run         string // what all parts of one run have in common
	Part        string // what no other part of it has
	Plan        Plan
	Environment Environment
	Started     time.Time
	Took        time.Duration // from the first due time to the end of the drain
	ClockDrift  time.Duration // wall clock minus monotonic clock over the run
	Interrupted bool          // stopped by a signal before its time
	Incomplete  string        // why this is not the whole run: it was killed, a share of it is lost; empty when it is
	SignIn      Phase
	Opening     Phase            // the settlements before the first arrival; empty when there were none
	Planned     int64            // arrivals that fell due: played, stuck or not played
	Played      int64            // arrivals that a terminal played
	Stuck       map[string]int64 // arrivals that a terminal took but could not send anything for, by reason
	NotPlayed   int64            // arrivals for which no terminal became free in time
	Waited      Waited
	Failed      int64     // played scenarios with a step that did not hold
	Failures    []Failure // which, the commonest first
	Labels      []Label
	Seconds     []Second
	Late        int64            // answers that came after their request had been given up
	Cut         int64            // answers to requests whose line had broken
	Duplicate   int64            // further answers to a request already answered
	Unmatched   int64            // answers that belong to no request
	Strays      []Stray          // the first of those that came unasked
	Lines       Lines            // what the lines did
	LineDelay   LineDelay        // what lines that were played like named ones added
	Faults      map[string]int64 // faults injected on the lines, by name
	Settlements Settlements
	Rules       []RuleCount // broken by answers, those that were, in the order of their table
	Without     []string    // rules that the dialect leaves out: answers were not held to them
	Validity    Validity
	Limits      []LimitResult
	Money       Money
	Agents      []Agent  // that shared the run; empty when one process played it
	Journal     *Journal // what its journal.csv holds; nil where that is not known
	Lost        []string // files of its folder that are not whole, each with why
}

// Journal sums up the rows of a journal.csv, so that one that was cut is not taken for whole.
type Journal struct {
	Rows   int64 `json:"rows"`
	Amount int64 `json:"amount_fen"`
}

// plus adds up what two parts of a run hold; nil where it is not known of both.
func (j *Journal) plus(o *Journal) *Journal {
	if j == nil || o == nil {
		return nil
	}
	return &Journal{j.Rows + o.Rows, j.Amount + o.Amount}
}
