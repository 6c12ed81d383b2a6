package report

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// LineDelay is what lines that were played like named ones added to exchanges outside
// the warm-up: the line's, never the host's. Response and service times hold it, as a
// customer waits for it.
type LineDelay struct {
	Profiles   []string       // each line profile that was played, in words; none when none was
	Added      *hdr.Histogram // to an exchange, between its sending and its end; µs
	Host       *hdr.Histogram // what is left of the service times without it
	Connects   int64          // connections for which a line took its time
	Connecting time.Duration  // that all of these took together
	Stalls     int64          // messages that came after one
	Broken     int64          // breaks
}

// Line takes down what an exchange's line added to it: while it connected, and between
// its sending and its end, which took so long in all.
func (s *Shard) Line(due, connecting, transit, service time.Duration) {
	if due < s.r.warmup {
		return
	}
	s.mu.Lock()
	if s.line == nil {
		s.line = &LineDelay{Added: newHistogram(s.r.top), Host: newHistogram(s.r.top)}
	}
	_ = s.line.Added.RecordValue(min(s.r.top, micros(transit)))
	_ = s.line.Host.RecordValue(min(s.r.top, micros(service-transit)))
	if connecting > 0 {
		s.line.Connects++
		s.line.Connecting += connecting
	}
	s.mu.Unlock()
}

// lineDelay adds up the shards. The recorder's lock is held.
func (r *Recorder) lineDelay() (sum LineDelay) {
	for _, s := range r.shards {
		s.mu.Lock()
		if s.line != nil {
			sum, _ = sum.plus(*s.line) // of one geometry
		}
		s.mu.Unlock()
	}
	return sum
}

// plus adds the delays of two parts of a run, or of two shards.
func (d LineDelay) plus(o LineDelay) (LineDelay, error) {
	sum := LineDelay{Profiles: d.Profiles, Connects: d.Connects + o.Connects, Connecting: d.Connecting + o.Connecting,
		Stalls: d.Stalls + o.Stalls, Broken: d.Broken + o.Broken}
	if sum.Profiles == nil {
		sum.Profiles = o.Profiles
	}
	for _, of := range []LineDelay{d, o} {
		if err := addHistogram(&sum.Added, of.Added); err != nil {
			return LineDelay{}, fmt.Errorf("line delay: %w", err)
		}
		if err := addHistogram(&sum.Host, of.Host); err != nil {
			return LineDelay{}, fmt.Errorf("line delay: %w", err)
		}
	}
	return sum, nil
}

// LinesText is how the terminals were connected, and like what their lines were:
// "own", "own 4g".
func (p *Plan) LinesText() string { return strings.TrimSpace(p.Lines + " " + p.Profile) }

// Played reports whether lines were played like named ones.
func (d *LineDelay) Played() bool { return len(d.Profiles) > 0 }

// spreadOf tells a histogram's quantiles in one line.
func spreadOf(h *hdr.Histogram) string {
	if h == nil || h.TotalCount() == 0 {
		return "no exchange"
	}
	words := ""
	for _, q := range []float64{0.5, 0.95, 0.99, 1} {
		if words != "" {
			words += ", "
		}
		x := quantile(h, nil, 0, q)
		words += x.name() + " " + x.String()
	}
	return words
}

// Facts tells the delay in lines: each a heading and words.
func (d *LineDelay) Facts() (facts [][2]string) {
	for i, p := range d.Profiles {
		facts = append(facts, [2]string{map[bool]string{true: "like"}[i == 0], p})
	}
	if len(facts) == 0 {
		return nil
	}
	facts = append(facts,
		[2]string{"line's part", spreadOf(d.Added) + " of each exchange: not the host's"},
		[2]string{"host's part", spreadOf(d.Host) + ": service times without the line's part"})
	words := fmt.Sprintf("%s, %s", Plural(d.Stalls, "stall"), Plural(d.Broken, "break"))
	if d.Connects > 0 {
		words += fmt.Sprintf(", %s took %s each", Plural(d.Connects, "connection"), FormatDuration(d.Connecting/time.Duration(d.Connects)))
	}
	return append(facts, [2]string{"", words})
}

// lineDelayJSON is the delay in run.json. Histograms stand in it whole, so that the
// parts of a run can be added up; what they sum up to stands beside them.
type lineDelayJSON struct {
	Profiles   []string      `json:"profiles"`
	Added      *spreadJSON   `json:"added"`
	Host       *spreadJSON   `json:"host"`
	Connects   int64         `json:"connects,omitempty"`
	Connecting time.Duration `json:"connecting_ns,omitempty"`
	Stalls     int64         `json:"stalls,omitempty"`
	Broken     int64         `json:"broken,omitempty"`
	AddedHDR   string        `json:"added_hdr,omitempty"` // HdrHistogram V2, compressed, base64
	HostHDR    string        `json:"host_hdr,omitempty"`
}

func (d *LineDelay) json() *lineDelayJSON {
	if !d.Played() {
		return nil
	}
	tell := func(h *hdr.Histogram) *spreadJSON {
		return summary(h, func(q float64) Quantile { return quantile(h, nil, 0, q) })
	}
	return &lineDelayJSON{d.Profiles, tell(d.Added), tell(d.Host), d.Connects, d.Connecting, d.Stalls, d.Broken, encoded(d.Added), encoded(d.Host)}
}

// encoded is a histogram as text; empty for none.
func encoded(h *hdr.Histogram) string {
	if h == nil {
		return ""
	}
	b, err := h.Encode(hdr.V2CompressedEncodingCookieBase)
	if err != nil {
		return ""
	}
	return string(b)
}

// decoded is the histogram that encoded has written.
func decoded(s string) (*hdr.Histogram, error) {
	if s == "" {
		return nil, nil
	}
	if _, err := base64.StdEncoding.DecodeString(s); err != nil {
		return nil, err
	}
	return hdr.Decode([]byte(s))
}

// delay is the delay that json has written.
func (j *lineDelayJSON) delay() (d LineDelay, err error) {
	if j == nil {
		return LineDelay{}, nil
	}
	d = LineDelay{Profiles: j.Profiles, Connects: j.Connects, Connecting: j.Connecting, Stalls: j.Stalls, Broken: j.Broken}
	if d.Added, err = decoded(j.AddedHDR); err != nil {
		return d, fmt.Errorf("line delay: %w", err)
	}
	if d.Host, err = decoded(j.HostHDR); err != nil {
		return d, fmt.Errorf("line delay: %w", err)
	}
	return d, nil
}
