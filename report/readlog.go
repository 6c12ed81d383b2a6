package report

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Log is an interval log added up over the run.
type Log struct {
	Started time.Time
	Upto    time.Duration // end of the last interval
	Labels  []Label       // in the order of their first line
	Warmup  []Label       // the same for exchanges due during the warm-up
	Before  []Label       // the same for those of the phases before the first arrival
	Phases  []Phase       // these phases, without their histograms
	Seconds []Second      // as far as the log has them
	Torn    bool          // the last interval was cut off, as a kill or a full disk leaves it; it is left out
}

// longestLine bounds a line of the log: base64 of a histogram in which every
// count is different stays below.
const longestLine = 1 << 20

// ReadLog adds up an interval log that a LogWriter wrote. It holds one
// histogram for each tag and processor, however long the log. The error names
// the first line that is wrong.
func ReadLog(r io.Reader) (*Log, error) {
	readers := make([]*logReader, runtime.GOMAXPROCS(0))
	batches := make(chan batch, len(readers))
	var failed atomic.Bool
	var all sync.WaitGroup
	for i := range readers {
		readers[i] = newLogReader()
		all.Go(func() {
			for b := range batches {
				if readers[i].batch(b); readers[i].err != nil {
					failed.Store(true)
				}
			}
		})
	}
	torn, line, err := deal(r, batches, &failed)
	close(batches)
	all.Wait()
	for _, read := range readers {
		if read.err != nil && (err == nil || read.bad < line) {
			err, line = read.err, read.bad
		}
	}
	if err != nil {
		return nil, fmt.Errorf("interval log, line %d: %w", line, err)
	}
	read := readers[0]
	for _, other := range readers[1:] {
		if err := read.merge(other); err != nil {
			return nil, fmt.Errorf("interval log: %w", err)
		}
	}
	read.log.Torn = torn
	return read.finish()
}

// batch is some lines of the log, one after the other.
type batch struct {
	text  []byte
	first int // number of the first line
}

// batchSize is how many octets of lines are handed out at once, about.
const batchSize = 128 << 10

// deal hands the log out in batches, each to the end of an interval. It reports whether
// the last interval was cut off, which is left out, or which line cannot be read.
func deal(r io.Reader, to chan<- batch, failed *atomic.Bool) (torn bool, n int, err error) {
	in := bufio.NewReaderSize(r, longestLine)
	b := batch{first: 1}
	whole, marked := 0, false // octets of the batch to the end of an interval; logs of old have no marks
	for n = 1; !failed.Load(); n++ {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			if marked {
				torn, b.text = whole < len(b.text), b.text[:whole]
			}
			to <- b
			return torn || len(line) > 0, n, nil
		case errors.Is(err, bufio.ErrBufferFull):
			to <- b
			return false, n, fmt.Errorf("longer than %d octets", longestLine)
		case err != nil:
			to <- b
			return false, n, err
		}
		b.text = append(b.text, line...)
		mark := bytes.HasPrefix(line, []byte(secondMark)) || bytes.HasPrefix(line, []byte(phaseMark))
		if marked = marked || mark; mark {
			whole = len(b.text)
		}
		if len(b.text) >= batchSize && (mark || !marked) {
			to <- b
			b, whole = batch{make([]byte, 0, len(b.text)), n + 1}, 0
		}
	}
	return false, n, nil
}

// logReader adds up the batches that it is given.
type logReader struct {
	log     Log
	sums    map[string]*sum    // by tag
	beside  map[string]*beside // by label, with "warmup." before those of the warm-up
	now     int                // the line in hand
	bad     int                // the line of err
	err     error
	packed  []byte
	source  bytes.Reader
	inflate io.ReadCloser
	raw     bytes.Buffer
}

// beside is what was counted of a label beside its histograms.
type beside struct {
	Label
	first int // its first line
}

func newLogReader() *logReader {
	return &logReader{sums: map[string]*sum{}, beside: map[string]*beside{}}
}

func (r *logReader) batch(b batch) {
	if r.err != nil {
		return
	}
	r.now = b.first - 1
	for line := range bytes.Lines(b.text) {
		r.now++
		if err := r.line(bytes.TrimRight(line, "\r\n")); err != nil {
			r.err, r.bad = err, r.now
			return
		}
	}
}

// merge adds what another reader has read of the same log.
func (r *logReader) merge(o *logReader) error {
	if r.log.Upto = max(r.log.Upto, o.log.Upto); r.log.Started.IsZero() {
		r.log.Started = o.log.Started
	}
	r.log.Seconds, r.log.Phases = append(r.log.Seconds, o.log.Seconds...), append(r.log.Phases, o.log.Phases...)
	for tag, more := range o.sums {
		s := r.sums[tag]
		switch {
		case s == nil:
			r.sums[tag] = more
		case s.geometry != more.geometry:
			return fmt.Errorf("tag %s has histograms of %s and of %s", tag, s.geometry, more.geometry)
		default:
			for i, n := range more.counts {
				s.counts[i] += n
			}
		}
	}
	for tag, more := range o.beside {
		l := r.beside[tag]
		if l == nil {
			r.beside[tag] = more
			continue
		}
		if err := l.add(more.Label); err != nil {
			return err
		}
		l.first = min(l.first, more.first)
	}
	return nil
}

// sum is a histogram being added up, as an array of counts.
type sum struct {
	geometry
	counts []int64
}

func (r *logReader) line(line []byte) error {
	switch {
	case len(line) == 0 || line[0] == '"':
		return nil
	case bytes.HasPrefix(line, []byte(startMark)):
		return r.start(string(line[len(startMark):]))
	case bytes.HasPrefix(line, []byte(countsMark)):
		return r.counted(line[len(countsMark):])
	case bytes.HasPrefix(line, []byte(secondMark)):
		return r.second(line[len(secondMark):])
	case bytes.HasPrefix(line, []byte(phaseMark)):
		return r.phase(line[len(phaseMark):])
	case line[0] == '#':
		return nil
	}
	rest, ok := bytes.CutPrefix(line, []byte("Tag="))
	if !ok {
		return errors.New("no tag: this is not a log of posfleet")
	}
	fields := bytes.SplitN(rest, []byte(","), 5)
	if len(fields) != 5 {
		return fmt.Errorf("%d fields, want a tag, a start, a length, a maximum and a histogram", len(fields))
	}
	from, err := seconds(fields[1])
	if err != nil {
		return err
	}
	length, err := seconds(fields[2])
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(fields[0], []byte(beforeTag)) {
		r.log.Upto = max(r.log.Upto, from+length)
	}
	return r.add(fields[0], fields[4])
}

func seconds(text []byte) (time.Duration, error) {
	x, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return 0, err
	}
	return time.Duration(x*1e3+0.5) * time.Millisecond, nil
}

func (r *logReader) start(text string) error {
	at, _, _ := strings.Cut(text, " ")
	x, err := strconv.ParseFloat(at, 64)
	if err != nil {
		return fmt.Errorf("start time: %w", err)
	}
	r.log.Started = time.UnixMilli(int64(x*1e3 + 0.5)).UTC()
	return nil
}

func (r *logReader) counted(text []byte) error {
	var c countsLine
	if err := json.Unmarshal(bytes.TrimSuffix(text, []byte("]")), &c); err != nil {
		return fmt.Errorf("counts: %w", err)
	}
	n, err := counts(c.Counts)
	if err != nil {
		return fmt.Errorf("counts: %w", err)
	}
	return r.label(c.Tag).add(Label{Counts: n, Codes: c.Codes, Reasons: c.Reasons, Clamped: c.Clamped})
}

func (r *logReader) second(text []byte) error {
	var one secondJSON
	if err := json.Unmarshal(bytes.TrimSuffix(text, []byte("]")), &one); err != nil {
		return fmt.Errorf("second: %w", err)
	}
	second, err := one.second()
	if err != nil {
		return fmt.Errorf("second: %w", err)
	}
	r.log.Seconds = append(r.log.Seconds, second)
	return nil
}

// SecondsIn gives the seconds that whole lines of a part of an interval log tell of.
func SecondsIn(part []byte) []Second {
	var r logReader
	for line := range bytes.Lines(part) {
		if whole, is := bytes.CutSuffix(line, []byte("\n")); is && bytes.HasPrefix(whole, []byte(secondMark)) {
			_ = r.line(whole) // who reads the log as a whole tells what is wrong with it
		}
	}
	return r.log.Seconds
}

func (r *logReader) phase(text []byte) error {
	var one phaseJSON
	if err := json.Unmarshal(bytes.TrimSuffix(text, []byte("]")), &one); err != nil {
		return fmt.Errorf("phase: %w", err)
	}
	phase, err := one.phase()
	if err != nil {
		return fmt.Errorf("phase: %w", err)
	}
	r.log.Phases = append(r.log.Phases, phase)
	return nil
}

// label finds what has been counted beside the histograms under a tag.
func (r *logReader) label(tag string) *Label {
	l := r.beside[tag]
	if l == nil {
		l = &beside{Label{Codes: map[string]int64{}}, r.now}
		r.beside[tag] = l
	}
	return &l.Label
}

// add decodes one histogram onto the sum of its tag.
func (r *logReader) add(tag, text []byte) error {
	payload, g, err := r.decode(text)
	if err != nil {
		return err
	}
	s := r.sums[string(tag)]
	if s == nil {
		if err := g.possible(); err != nil {
			return err
		}
		if dot := bytes.LastIndexByte(tag, '.'); dot > 0 {
			r.label(string(tag[:dot]))
		}
		s = &sum{geometry: g, counts: hdr.New(g.lowest, g.highest, int(g.digits)).Export().Counts}
		r.sums[string(tag)] = s
	}
	if g != s.geometry {
		return fmt.Errorf("a histogram of %s, but its tag began with %s", g, s.geometry)
	}
	return s.add(payload)
}

// possible refuses what hdr.New would panic at, or what no run has.
func (g geometry) possible() error {
	err := (&hdr.Snapshot{LowestTrackableValue: g.lowest, HighestTrackableValue: g.highest, SignificantFigures: g.digits}).Validate()
	if err == nil && (g.digits < 1 || g.lowest < 1 || g.highest < 2*g.lowest) {
		err = fmt.Errorf("a histogram of %s", g)
	}
	return err
}

// add adds counts in ZigZag LEB128, in which a negative number is a run of
// zeros.
func (s *sum) add(payload []byte) error {
	at := 0
	for len(payload) > 0 {
		n, used := binary.Varint(payload)
		if used <= 0 || used > 8 { // nine octets, the format's other form, hold counts of 2^55 and more
			return errors.New("a count is damaged")
		}
		payload = payload[used:]
		if n < 0 {
			if -n > int64(len(s.counts)-at) {
				return errors.New("a run of zeros beyond the histogram's end")
			}
			at -= int(n)
			continue
		}
		if at >= len(s.counts) {
			return errors.New("counts beyond the histogram's end")
		}
		s.counts[at] += n
		at++
	}
	return nil
}

// decode gives the counts of a V2 compressed histogram, still packed; good
// until the next call.
func (r *logReader) decode(text []byte) ([]byte, geometry, error) {
	var g geometry
	var err error
	if r.packed, err = base64.StdEncoding.AppendDecode(r.packed[:0], text); err != nil {
		return nil, g, err
	}
	big := binary.BigEndian
	if len(r.packed) < 8 || big.Uint32(r.packed)&^0xf0 != v2CompressedCookie&^0xf0 {
		return nil, g, errors.New("not a compressed histogram of version 2")
	}
	if n := big.Uint32(r.packed[4:]); int64(n) != int64(len(r.packed)-8) {
		return nil, g, fmt.Errorf("%d octets of histogram, %d announced", len(r.packed)-8, n)
	}
	r.source.Reset(r.packed[8:])
	if r.inflate == nil {
		r.inflate, err = zlib.NewReader(&r.source)
	} else {
		err = r.inflate.(zlib.Resetter).Reset(&r.source, nil)
	}
	if err != nil {
		return nil, g, err
	}
	r.raw.Reset()
	if _, err := io.Copy(&r.raw, io.LimitReader(r.inflate, longestLine)); err != nil {
		return nil, g, err
	}
	raw := r.raw.Bytes()
	if len(raw) < v2Header || big.Uint32(raw)&^0xf0 != v2Cookie&^0xf0 || int64(big.Uint32(raw[4:])) != int64(len(raw)-v2Header) {
		return nil, g, errors.New("the histogram's header is damaged")
	}
	g = geometry{lowest: int64(big.Uint64(raw[16:])), highest: int64(big.Uint64(raw[24:])), digits: int64(big.Uint32(raw[12:]))}
	return raw[v2Header:], g, nil
}

func (r *logReader) finish() (*Log, error) {
	slices.SortFunc(r.log.Seconds, func(a, b Second) int { return cmp.Compare(a.At, b.At) })
	order := slices.SortedFunc(maps.Keys(r.beside), func(a, b string) int { return cmp.Compare(r.beside[a].first, r.beside[b].first) })
	for _, tag := range order {
		escaped, warm := strings.CutPrefix(tag, warmTag)
		escaped, before := strings.CutPrefix(escaped, beforeTag)
		name, err := url.PathUnescape(escaped)
		if err != nil {
			return nil, fmt.Errorf("interval log: tag %q: %w", tag, err)
		}
		l := r.beside[tag].Label
		l.Name = name
		l.Response, l.Service, l.Lag = r.histogram(tag+".response"), r.histogram(tag+".service"), r.histogram(tag+".lag")
		l.Censored = r.histogram(tag + ".censored")
		switch {
		case before:
			r.log.Before = append(r.log.Before, l)
		case warm:
			r.log.Warmup = append(r.log.Warmup, l)
		default:
			r.log.Labels = append(r.log.Labels, l)
		}
	}
	return &r.log, nil
}

func (r *logReader) histogram(tag string) *hdr.Histogram {
	s := r.sums[tag]
	if s == nil {
		return nil
	}
	return hdr.Import(&hdr.Snapshot{
		LowestTrackableValue: s.lowest, HighestTrackableValue: s.highest,
		SignificantFigures: s.digits, Counts: slices.Clip(s.counts),
	})
}
