package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// format is what run.json says it is. It changes when a reader of the old one
// would misread the new one.
const format = "posfleet run 1"

// summaryJSON is run.json. Latencies are in µs, other durations in ns.
type summaryJSON struct {
	Format      string           `json:"format"`
	Run         string           `json:"run,omitempty"`
	Part        string           `json:"part,omitempty"`
	Started     time.Time        `json:"started"`
	Took        time.Duration    `json:"took_ns"`
	ClockDrift  time.Duration    `json:"clock_drift_ns"`
	Interrupted bool             `json:"interrupted"`
	Incomplete  string           `json:"incomplete,omitempty"`
	Validity    validityJSON     `json:"verdict"`
	Limits      []LimitResult    `json:"limits"`
	Money       moneyJSON        `json:"money"`
	Settlements Settlements      `json:"settlements"`
	SignIn      *phaseJSON       `json:"sign_in,omitempty"`
	Opening     *phaseJSON       `json:"first_settlements,omitempty"`
	Planned     int64            `json:"planned"`
	Played      int64            `json:"played"`
	Stuck       map[string]int64 `json:"stuck,omitempty"`
	NotPlayed   int64            `json:"not_played"`
	Waited      *waitedJSON      `json:"waited,omitempty"`
	Failed      int64            `json:"failed"`
	Failures    []Failure        `json:"failures,omitempty"`
	Late        int64            `json:"late"`
	Cut         int64            `json:"after_break,omitempty"`
	Duplicate   int64            `json:"duplicate"`
	Unmatched   int64            `json:"unmatched"`
	Strays      []Stray          `json:"strays,omitempty"`
	Lines       Lines            `json:"lines"`
	LineDelay   *lineDelayJSON   `json:"line_delay,omitempty"`
	Faults      map[string]int64 `json:"faults,omitempty"`
	Rules       []RuleCount      `json:"rules,omitempty"`
	Without     []string         `json:"without_rules,omitempty"`
	Labels      []labelJSON      `json:"labels"`
	Agents      []Agent          `json:"agents,omitempty"`
	Journal     *Journal         `json:"journal,omitempty"`
	Lost        []string         `json:"lost,omitempty"`
	Plan        Plan             `json:"plan"`
	Environment Environment      `json:"environment"`

	// Written last, one a line, and read one by one: a day has 86,400.
	seconds []Second
}

type validityJSON struct {
	Level    string   `json:"level"`
	Reasons  []string `json:"reasons"`
	SameHost bool     `json:"same_host"`
}

type waitedJSON struct {
	Arrivals  int64         `json:"arrivals"`
	Longest   time.Duration `json:"longest_ns"`
	Terminals int           `json:"terminals"`
	Enough    int           `json:"enough,omitempty"`
	Why       string        `json:"why,omitempty"`
}

type moneyJSON struct {
	Checked   bool     `json:"checked"`
	Agree     bool     `json:"agree"`
	Evidence  string   `json:"evidence"` // what was compared with: the host's "ledger", its "settlement flags", or "none"
	Settled   bool     `json:"by_settlement,omitempty"`
	Compared  int      `json:"compared"`
	Unknown   int      `json:"unknown"`
	Open      int64    `json:"open"`
	Terminals int64    `json:"terminals_fen"`
	Host      int64    `json:"host_fen"`
	Decimals  *int     `json:"decimals,omitempty"`
	Unit      string   `json:"unit,omitempty"`
	Payments  int64    `json:"payments"`
	Credits   int64    `json:"credits,omitempty"`
	Owed      int64    `json:"owed"`
	Detail    []string `json:"detail,omitempty"`
}

type labelJSON struct {
	Name     string           `json:"name"`
	Counts   map[string]int64 `json:"counts"`
	Codes    map[string]int64 `json:"codes,omitempty"`
	Reasons  map[string]int64 `json:"reasons,omitempty"`
	Warmup   map[string]int64 `json:"warmup,omitempty"`
	Clamped  int64            `json:"clamped,omitempty"`
	Response *spreadJSON      `json:"response"`
	Service  *spreadJSON      `json:"service"`
	Lag      *spreadJSON      `json:"lag"`
}

// spreadJSON sums up a histogram for those who only read run.json.
type spreadJSON struct {
	Count   int64    `json:"count"`
	Min     int64    `json:"min_us"`
	Mean    float64  `json:"mean_us"`
	P50     int64    `json:"p50_us"`
	P90     int64    `json:"p90_us"`
	P95     int64    `json:"p95_us"`
	P99     int64    `json:"p99_us"`
	P999    int64    `json:"p99.9_us"`
	P9999   int64    `json:"p99.99_us"`
	Max     int64    `json:"max_us"`
	AtLeast []string `json:"at_least,omitempty"` // which of these are lower bounds
	TooFew  []string `json:"too_few,omitempty"`  // which rest on too few samples to tell
}

type secondJSON struct {
	At       time.Duration    `json:"at_ns"`
	Length   time.Duration    `json:"length_ns"`
	Warmup   bool             `json:"warmup,omitempty"`
	Planned  int64            `json:"planned"`
	Played   int64            `json:"played"`
	Stuck    int64            `json:"stuck,omitempty"`
	Held     int64            `json:"held,omitempty"`
	Counts   map[string]int64 `json:"counts"`
	Response quantilesJSON    `json:"response"`
	Service  quantilesJSON    `json:"service"`
	LagP50   int64            `json:"lag_p50_us"`
	LagP99   int64            `json:"lag_p99_us"`
	Signals  signalsJSON      `json:"signals"`
	Level    string           `json:"level"`
	Reason   string           `json:"reason,omitempty"`
}

type quantilesJSON struct {
	N    int64 `json:"n"`
	P50  int64 `json:"p50_us"`
	P90  int64 `json:"p90_us"`
	P99  int64 `json:"p99_us"`
	P999 int64 `json:"p99.9_us"`
	Max  int64 `json:"max_us"`
}

type signalsJSON struct {
	CPU       float64       `json:"cpu"`
	Busiest   float64       `json:"busiest_core"`
	Steal     float64       `json:"steal"`
	Sched     time.Duration `json:"sched_p99_ns"`
	GCPause   time.Duration `json:"gc_pause_max_ns"`
	Watchdog  time.Duration `json:"watchdog_late_ns"`
	Exhausted int64         `json:"exhausted,omitempty"`
	Dropped   int64         `json:"dropped,omitempty"`
}

// WriteJSON writes run.json: all of the report but its histograms, which are
// summed up here and are whole in the interval log.
func (r *Report) WriteJSON(w io.Writer) error {
	s := summaryJSON{
		Format: format, Run: r.Run, Part: r.Part, Started: r.Started, Took: r.Took, ClockDrift: r.ClockDrift,
		Interrupted: r.Interrupted, Incomplete: r.Incomplete,
		Validity: validityJSON{r.Validity.Level.String(), append([]string{}, r.Validity.Reasons...), r.Validity.SameHost},
		Limits:   append([]LimitResult{}, r.Limits...),
		Money: moneyJSON{
			Checked: r.Money.Checked, Agree: r.Money.Agree(), Terminals: r.Money.Terminals, Host: r.Money.Host, Decimals: r.Money.Decimals, Unit: r.Money.Unit,
			Payments: r.Money.Payments, Credits: r.Money.Credits, Owed: r.Money.Owed, Detail: r.Money.Detail,
			Settled: r.Money.Settled, Compared: r.Money.Compared, Unknown: r.Money.Unknown, Open: r.Money.Open,
			Evidence: r.Money.evidence(),
		},
		Settlements: r.Settlements,
		Planned:     r.Planned, Played: r.Played, Stuck: r.Stuck, NotPlayed: r.NotPlayed, Failed: r.Failed, Failures: r.Failures,
		Late: r.Late, Cut: r.Cut, Duplicate: r.Duplicate, Unmatched: r.Unmatched, Strays: r.Strays, Lines: r.Lines, Faults: r.Faults, Rules: r.Rules, Without: r.Without,
		Plan: r.Plan, Environment: r.Environment, Agents: r.Agents, Journal: r.Journal, Lost: r.Lost,
	}
	s.SignIn, s.Opening, s.LineDelay = r.SignIn.json(), r.Opening.json(), r.LineDelay.json()
	if r.Waited != (Waited{}) {
		w := waitedJSON(r.Waited)
		s.Waited = &w
	}
	s.Labels = []labelJSON{}
	for i := range r.Labels {
		s.Labels = append(s.Labels, r.Labels[i].json())
	}
	var head bytes.Buffer
	in := json.NewEncoder(&head)
	in.SetEscapeHTML(false) // limits are full of "<"
	in.SetIndent("", "  ")
	if err := in.Encode(s); err != nil {
		return fmt.Errorf("%s: %w", summaryName, err)
	}
	out := bytes.NewBuffer(bytes.TrimSuffix(head.Bytes(), []byte("\n}\n")))
	out.WriteString(",\n  \"seconds\": [")
	for i, second := range r.Seconds {
		line, err := json.Marshal(second.json())
		if err != nil {
			return fmt.Errorf("%s: second %d: %w", summaryName, i, err)
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n    ")
		out.Write(line)
	}
	out.WriteString("\n  ]\n}\n")
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("%s: %w", summaryName, err)
	}
	return nil
}

func (l *Label) json() labelJSON {
	out := labelJSON{Name: l.Name, Counts: byName(l.Counts), Codes: printableCodes(l.Codes), Reasons: l.Reasons, Warmup: byName(l.Warmup), Clamped: l.Clamped}
	out.Response = summary(l.Response, l.Quantile)
	out.Service = summary(l.Service, l.ServiceQuantile)
	out.Lag = summary(l.Lag, l.LagQuantile)
	return out
}

// summary is nil when there is nothing to sum up.
func summary(h *hdr.Histogram, tell func(float64) Quantile) *spreadJSON {
	if h == nil || h.TotalCount() == 0 {
		return nil
	}
	s := &spreadJSON{Count: h.TotalCount(), Min: h.Min(), Mean: math.Round(h.Mean()*10) / 10}
	for _, f := range []struct {
		into *int64
		q    float64
	}{{&s.P50, 0.5}, {&s.P90, 0.9}, {&s.P95, 0.95}, {&s.P99, 0.99}, {&s.P999, 0.999}, {&s.P9999, 0.9999}, {&s.Max, 1}} {
		q := tell(f.q)
		*f.into = q.Value.Microseconds()
		if q.AtLeast {
			s.AtLeast = append(s.AtLeast, q.name())
		}
		if q.TooFew {
			s.TooFew = append(s.TooFew, q.name())
		}
	}
	return s
}

// name is "p99.9", or "max".
func (q Quantile) name() string {
	if q.Q == 1 {
		return "max"
	}
	return "p" + strconv.FormatFloat(q.Q*100, 'g', 6, 64)
}

func (s Second) json() secondJSON {
	return secondJSON{
		At: s.At, Length: s.Length, Warmup: s.Warmup, Planned: s.Planned, Played: s.Played, Stuck: s.Stuck, Held: s.Held, Counts: byName(s.Counts),
		Response: s.Response.json(), Service: s.Service.json(),
		LagP50: s.LagP50.Microseconds(), LagP99: s.LagP99.Microseconds(),
		Signals: signalsJSON(s.Signals), Level: s.Level.String(), Reason: s.Reason,
	}
}

func (q Quantiles) json() quantilesJSON {
	return quantilesJSON{q.N, q.P50.Microseconds(), q.P90.Microseconds(), q.P99.Microseconds(), q.P999.Microseconds(), q.Max.Microseconds()}
}

func readSummary(name string) (*summaryJSON, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read run: %w: is %s the folder of a run?", err, filepath.Dir(name))
	}
	if err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	defer f.Close()
	var s summaryJSON
	switch err := s.read(f); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%s: %w: it is empty, or ends in its middle; copy the folder again", name, ErrNotWhole)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if s.Format != format {
		return nil, fmt.Errorf("%s: format %q, want %q: read it with the posfleet that wrote it", name, s.Format, format)
	}
	return &s, nil
}

// read takes in run.json: its seconds one by one, all the rest at once.
func (s *summaryJSON) read(r io.Reader) error {
	text := bufio.NewReader(r)
	if mark, _ := text.Peek(3); string(mark) == "\xef\xbb\xbf" { // an editor was at it
		_, _ = text.Discard(3)
	}
	in := json.NewDecoder(text)
	in.DisallowUnknownFields()
	if err := delimiter(in, '{'); err != nil {
		return err
	}
	rest := bytes.NewBufferString("{")
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return err
		}
		if key == "seconds" {
			if err := s.readSeconds(in); err != nil {
				return err
			}
			continue
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return err
		}
		if rest.Len() > 1 {
			rest.WriteByte(',')
		}
		name, err := json.Marshal(key)
		if err != nil {
			return err
		}
		fmt.Fprintf(rest, "%s:%s", name, value)
	}
	if err := delimiter(in, '}'); err != nil {
		return err
	}
	if _, err := in.Token(); err != io.EOF {
		return errors.New("there is more behind the closing brace")
	}
	rest.WriteByte('}')
	in = json.NewDecoder(rest)
	in.DisallowUnknownFields()
	return in.Decode(s)
}

func (s *summaryJSON) readSeconds(in *json.Decoder) error {
	if err := delimiter(in, '['); err != nil {
		return err
	}
	for in.More() {
		var one secondJSON
		err := in.Decode(&one)
		if err != nil {
			return err
		}
		second, err := one.second()
		if err != nil {
			return fmt.Errorf("second %d: %w", len(s.seconds), err)
		}
		s.seconds = append(s.seconds, second)
	}
	return delimiter(in, ']')
}

// delimiter takes the next token, which must be this one.
func delimiter(in *json.Decoder, want json.Delim) error {
	switch got, err := in.Token(); {
	case err != nil:
		return err
	case got != want:
		return fmt.Errorf("%v where %v was wanted", got, want)
	}
	return nil
}

func (s *summaryJSON) report() (*Report, error) {
	level, err := parseLevel(s.Validity.Level)
	if err != nil {
		return nil, err
	}
	r := &Report{
		Plan: s.Plan, Environment: s.Environment, Agents: s.Agents, Journal: s.Journal, Lost: s.Lost, Started: s.Started, Took: s.Took, ClockDrift: s.ClockDrift,
		Interrupted: s.Interrupted, Incomplete: s.Incomplete,
		Run: s.Run, Part: s.Part, Settlements: s.Settlements,
		Planned: s.Planned, Played: s.Played, Stuck: s.Stuck, NotPlayed: s.NotPlayed, Failed: s.Failed, Failures: s.Failures,
		Late: s.Late, Cut: s.Cut, Duplicate: s.Duplicate, Unmatched: s.Unmatched, Strays: s.Strays, Lines: s.Lines, Faults: s.Faults, Rules: s.Rules, Without: s.Without,
		Limits:   append([]LimitResult(nil), s.Limits...),
		Validity: Validity{level, append([]string(nil), s.Validity.Reasons...), s.Validity.SameHost},
		Money: Money{
			Checked: s.Money.Checked, Terminals: s.Money.Terminals, Host: s.Money.Host, Decimals: s.Money.Decimals, Unit: s.Money.Unit,
			Payments: s.Money.Payments, Credits: s.Money.Credits, Owed: s.Money.Owed, Detail: s.Money.Detail,
			Settled: s.Money.Settled, Compared: s.Money.Compared, Unknown: s.Money.Unknown, Open: s.Money.Open,
		},
	}
	if s.Waited != nil {
		r.Waited = Waited(*s.Waited)
	}
	if r.LineDelay, err = s.LineDelay.delay(); err != nil {
		return nil, err
	}
	if r.SignIn, err = s.SignIn.phase(); err != nil {
		return nil, err
	}
	if r.Opening, err = s.Opening.phase(); err != nil {
		return nil, err
	}
	for _, l := range s.Labels {
		label, err := l.label()
		if err != nil {
			return nil, err
		}
		r.Labels = append(r.Labels, label)
	}
	r.Seconds = s.seconds
	return r, nil
}

// label is the label without its histograms.
func (l labelJSON) label() (label Label, err error) {
	label = Label{Name: l.Name, Codes: l.Codes, Reasons: l.Reasons, Clamped: l.Clamped}
	if label.Codes == nil {
		label.Codes = map[string]int64{}
	}
	if label.Counts, err = counts(l.Counts); err == nil {
		label.Warmup, err = counts(l.Warmup)
	}
	if err != nil {
		return label, fmt.Errorf("label %s: %w", l.Name, err)
	}
	return label, nil
}

func (s secondJSON) second() (Second, error) {
	level, err := parseLevel(s.Level)
	if err != nil {
		return Second{}, err
	}
	n, err := counts(s.Counts)
	return Second{
		At: s.At, Length: s.Length, Warmup: s.Warmup, Planned: s.Planned, Played: s.Played, Stuck: s.Stuck, Held: s.Held, Counts: n,
		Response: s.Response.quantiles(), Service: s.Service.quantiles(),
		LagP50: us(s.LagP50), LagP99: us(s.LagP99),
		Signals: Signals(s.Signals), Level: level, Reason: s.Reason,
	}, err
}

func (q quantilesJSON) quantiles() Quantiles {
	return Quantiles{q.N, us(q.P50), us(q.P90), us(q.P99), us(q.P999), us(q.Max)}
}

func us(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

func parseLevel(text string) (Level, error) {
	for l := Valid; l <= Invalid; l++ {
		if l.String() == text {
			return l, nil
		}
	}
	return 0, fmt.Errorf("unknown verdict %q", text)
}
