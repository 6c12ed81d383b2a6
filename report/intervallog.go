package report

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/url"
	"strings"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// The interval log is HdrHistogram's own text format, version 1.3: a line for
// each interval and tag with start and length in seconds, maximum in
// milliseconds, and the histogram in V2 compressed form. Values are in
// microseconds. Tags are "LABEL.response", "LABEL.service", "LABEL.lag" and
// "LABEL.censored", with "warmup." before them for exchanges due during the
// warm-up and "before." for those of the sign-in phase before the run's zero; a label is escaped as in a URL's path, since a tag has neither
// commas nor spaces. Lines of "#[Counts ", comments to other readers, hold what
// the same interval counted by outcome and response code.
const (
	logVersion = "1.3"
	warmTag    = "warmup."
	beforeTag  = "before."
	countsMark = "#[Counts "
	secondMark = "#[Second " // the second as run.json has it
	phaseMark  = "#[Phase "  // a phase before the first arrival, as run.json has it, with its name
	startMark  = "#[StartTime: "
	baseMark   = "#[BaseTime: "
)

const (
	v2Cookie           = 0x1c849303 | 0x10
	v2CompressedCookie = 0x1c849304 | 0x10
	v2Header           = 40 // octets before the counts
)

// LogWriter writes the interval log of one run.
type LogWriter struct {
	w    io.Writer
	line bytes.Buffer
	encoder
}

// countsLine is what stands in a "#[Counts " comment.
type countsLine struct {
	Tag     string           `json:"tag"` // the label, escaped, with "warmup." before it in the warm-up
	Counts  map[string]int64 `json:"counts"`
	Codes   map[string]int64 `json:"codes,omitempty"`
	Reasons map[string]int64 `json:"reasons,omitempty"`
	Clamped int64            `json:"clamped,omitempty"`
}

// NewLogWriter writes the log's head. It never buffers across calls: what has
// been written is whole even if the process is killed next.
func NewLogWriter(w io.Writer, started time.Time) (*LogWriter, error) {
	at := float64(started.UnixMilli()) / 1e3
	_, err := fmt.Fprintf(w, "#[Latencies of a posfleet run; values are in microseconds, Interval_Max is in milliseconds]\n"+
		"#[Histogram log format version %s]\n"+
		"%s%.3f (seconds since epoch), %s]\n"+
		"%s%.3f (seconds since epoch)]\n"+
		"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
		logVersion, startMark, at, started.UTC().Format(time.RFC3339Nano), baseMark, at)
	if err != nil {
		return nil, fmt.Errorf("interval log: %w", err)
	}
	return &LogWriter{w: w}, nil
}

// Write adds one interval, in a single write.
func (w *LogWriter) Write(iv Interval) error {
	w.line.Reset()
	for _, l := range iv.Labels {
		if err := w.label("", l, iv); err != nil {
			return fmt.Errorf("interval log: %s: %w", l.Name, err)
		}
	}
	for _, l := range iv.Warmup {
		if err := w.label(warmTag, l, iv); err != nil {
			return fmt.Errorf("interval log: %s: %w", l.Name, err)
		}
	}
	if iv.Second != nil {
		if err := w.comment(secondMark, iv.Second.json()); err != nil {
			return err
		}
	}
	return w.flush()
}

// Phase adds a phase before the first arrival, its exchanges as an interval from 0
// that is as long as the phase was.
func (w *LogWriter) Phase(p *Phase) error {
	w.line.Reset()
	if err := w.label(beforeTag, p.Label, Interval{To: p.Took}); err != nil {
		return fmt.Errorf("interval log: %s: %w", p.Label.Name, err)
	}
	if err := w.comment(phaseMark, p.json()); err != nil {
		return err
	}
	return w.flush()
}

func (w *LogWriter) comment(mark string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("interval log: %w", err)
	}
	fmt.Fprintf(&w.line, "%s%s]\n", mark, text)
	return nil
}

// flush writes what has been gathered, in a single write.
func (w *LogWriter) flush() error {
	if w.line.Len() == 0 {
		return nil
	}
	if _, err := w.w.Write(w.line.Bytes()); err != nil {
		return fmt.Errorf("interval log: %w", err)
	}
	return nil
}

func (w *LogWriter) label(prefix string, l Label, iv Interval) error {
	tag := prefix + escape(l.Name)
	for _, h := range [...]struct {
		name string
		h    *hdr.Histogram
	}{{".response", l.Response}, {".service", l.Service}, {".lag", l.Lag}, {".censored", l.Censored}} {
		if h.h == nil || h.h.TotalCount() == 0 {
			continue
		}
		text, err := w.encode(h.h)
		if err != nil {
			return err
		}
		fmt.Fprintf(&w.line, "Tag=%s%s,%.3f,%.3f,%.3f,%s\n", tag, h.name,
			iv.From.Seconds(), (iv.To - iv.From).Seconds(), float64(h.h.Max())/1e3, text)
	}
	c := countsLine{Tag: tag, Counts: byName(l.Counts), Codes: printableCodes(l.Codes), Reasons: l.Reasons, Clamped: l.Clamped}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	fmt.Fprintf(&w.line, "%s%s]\n", countsMark, text)
	return nil
}

// escape makes a label's name fit to stand in a tag. A full stop ends the name,
// so it is escaped too.
func escape(name string) string {
	return strings.ReplaceAll(url.PathEscape(name), ".", "%2E")
}

// byName keys counts by outcome, the empty ones left out.
func byName(c Counts) map[string]int64 {
	m := map[string]int64{}
	for o, n := range c {
		if n != 0 {
			m[Outcome(o).Key()] = n
		}
	}
	return m
}

// counts is the reverse of byName.
func counts(m map[string]int64) (Counts, error) {
	var c Counts
	for name, n := range m {
		o := Outcome(0)
		for o < Outcomes && o.Key() != name {
			o++
		}
		if o == Outcomes {
			return c, fmt.Errorf("unknown outcome %q", name)
		}
		c[o] = n
	}
	return c, nil
}

// printableCodes counts the response codes as [FormatCode] writes them.
func printableCodes(codes map[string]int64) map[string]int64 {
	if len(codes) == 0 {
		return nil
	}
	out := make(map[string]int64, len(codes))
	for code, n := range codes {
		out[FormatCode(code)] += n
	}
	return out
}

// encoder turns histograms into their V2 compressed text with buffers that it
// keeps: the library's own leaves 0.85 MB of garbage a call. What deflate would
// save of a second's counts, a quarter, costs a reader twice the time and the run
// ten times: the octets are stored in zlib's form as they are.
type encoder struct {
	payload, text []byte
	packed        bytes.Buffer
	deflate       *zlib.Writer
}

// encode gives text that is good until the next call.
func (e *encoder) encode(h *hdr.Histogram) ([]byte, error) {
	s := h.Export()
	last := len(s.Counts) - 1
	for last >= 0 && s.Counts[last] == 0 {
		last--
	}
	big := binary.BigEndian
	p := append(e.payload[:0], make([]byte, v2Header)...)
	for i := 0; i <= last; {
		n, next := s.Counts[i], i+1
		if n == 0 {
			for s.Counts[next] == 0 { // ends at last, which is not 0
				next++
			}
			if next-i > 1 {
				n = int64(i - next) // a run of zeros is one negative number
			}
		}
		p = binary.AppendVarint(p, n) // ZigZag LEB128; counts stay below 2^55
		i = next
	}
	big.PutUint32(p[0:], v2Cookie)
	big.PutUint32(p[4:], uint32(len(p)-v2Header))
	big.PutUint32(p[12:], uint32(s.SignificantFigures))
	big.PutUint64(p[16:], uint64(s.LowestTrackableValue))
	big.PutUint64(p[24:], uint64(s.HighestTrackableValue))
	big.PutUint64(p[32:], math.Float64bits(1))
	e.payload = p

	e.packed.Reset()
	e.packed.Write(make([]byte, 8))
	if e.deflate == nil {
		var err error
		if e.deflate, err = zlib.NewWriterLevel(&e.packed, zlib.NoCompression); err != nil {
			return nil, err
		}
	} else {
		e.deflate.Reset(&e.packed)
	}
	if _, err := e.deflate.Write(p); err != nil {
		return nil, err
	}
	if err := e.deflate.Close(); err != nil {
		return nil, err
	}
	packed := e.packed.Bytes()
	big.PutUint32(packed[0:], v2CompressedCookie)
	big.PutUint32(packed[4:], uint32(len(packed)-8))
	e.text = base64.StdEncoding.AppendEncode(e.text[:0], packed)
	return e.text, nil
}
