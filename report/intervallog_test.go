package report

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/posfleet/posfleet/sim/allocs"
)

// logOf records a run of n seconds with every outcome and two labels, one with
// a name that a tag cannot hold as it is, and gives its log and its report.
func logOf(t testing.TB, n int) ([]byte, *Report) {
	t.Helper()
	r := NewRecorder([]string{"purchase", "balance enquiry, 余额 v1.0"}, 30*time.Second, 2*time.Second)
	s := r.Shard()
	var out bytes.Buffer
	w, err := NewLogWriter(&out, time.Date(2026, 5, 4, 10, 0, 0, 123e6, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for sec := range n {
		for i := range 200 {
			due := time.Duration(sec)*time.Second + time.Duration(i)*5*ms
			x := Sample{Label: i % 2, Due: due, Sent: due + ms/10, Done: due + time.Duration(1+i*i*i%977)*ms/7, Outcome: Approved, Code: [4]byte{'0', '0'}}
			switch {
			case i%50 == 7:
				x.Outcome, x.Code = TimedOut, [4]byte{}
				x.Done = due + 30*time.Second
			case i%50 == 8:
				x.Outcome, x.Code, x.Reason = Declined, [4]byte{'5', '1'}, "sold out"
			case i == 9:
				x.Outcome, x.Code = Refused, [4]byte{0xff, '\n'}
			case i == 11:
				x.Outcome, x.Code = Open, [4]byte{}
			case i == 13:
				x.Outcome, x.Code = Unsent, [4]byte{}
			case i == 15:
				x.Done = due + time.Hour
			}
			s.Record(x)
			s.Played(0)
			r.Planned(due, 1)
		}
		if err := w.Write(r.Tick(time.Duration(sec+1) * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	rep := r.Report()
	if err := rep.Check(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), rep
}

func TestLogComesBackAsRecorded(t *testing.T) {
	text, rep := logOf(t, 5)
	log, err := ReadLog(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := log.Started, time.Date(2026, 5, 4, 10, 0, 0, 123e6, time.UTC); !got.Equal(want) {
		t.Errorf("started %v, want %v", got, want)
	}
	if log.Upto != 5*time.Second || log.Torn {
		t.Errorf("up to %v, torn %v, want 5s and whole", log.Upto, log.Torn)
	}
	if len(log.Labels) != len(rep.Labels) || len(log.Warmup) != len(rep.Labels) {
		t.Fatalf("%d labels and %d in the warm-up, want %d", len(log.Labels), len(log.Warmup), len(rep.Labels))
	}
	for i, want := range rep.Labels {
		got := log.Labels[i]
		if got.Name != want.Name || got.Counts != want.Counts || got.Clamped != want.Clamped {
			t.Errorf("got %q %v, %d clamped, want %q %v, %d", got.Name, got.Counts, got.Clamped, want.Name, want.Counts, want.Clamped)
		}
		if codes := printableCodes(want.Codes); !maps.Equal(got.Codes, codes) {
			t.Errorf("%s: codes %v, want %v", want.Name, got.Codes, codes)
		}
		if !maps.Equal(got.Reasons, want.Reasons) {
			t.Errorf("%s: reasons %v, want %v", want.Name, got.Reasons, want.Reasons)
		}
		for name, h := range map[string][2]*hdr.Histogram{
			"response": {got.Response, want.Response}, "service": {got.Service, want.Service},
			"lag": {got.Lag, want.Lag}, "censored": {got.Censored, want.Censored},
		} {
			if h[1] == nil && h[0] == nil {
				continue
			}
			if h[0] == nil || !h[0].Equals(h[1]) {
				t.Errorf("%s: %s differs", want.Name, name)
			}
		}
		if log.Warmup[i].Counts != want.Warmup {
			t.Errorf("%s: warm-up %v, want %v", want.Name, log.Warmup[i].Counts, want.Warmup)
		}
		if err := got.check(); err != nil {
			t.Errorf("%s: %v", want.Name, err)
		}
	}
}

// The library's own reader must read what we write, since others use its like.
func TestLibraryReadsOurLog(t *testing.T) {
	text, rep := logOf(t, 4)
	in := hdr.NewHistogramLogReader(bytes.NewReader(text))
	sums := map[string]*hdr.Histogram{}
	for {
		h, err := in.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			break
		}
		if sums[h.Tag()] == nil {
			sums[h.Tag()] = h
			continue
		}
		sums[h.Tag()].Merge(h)
	}
	for _, l := range rep.Labels {
		if got := sums[escape(l.Name)+".response"]; got == nil || !got.Equals(l.Response) {
			t.Errorf("%s: response differs", l.Name)
		}
	}
	if sums["warmup.purchase.lag"] == nil {
		t.Error("no warm-up under its tag")
	}
}

// decodeByTheBook reads one histogram as the format's text says, with no code
// of ours or of the library: base64, a cookie and a length, zlib, a header of 40
// octets, and ZigZag LEB128 counts in which a negative number skips zeros.
func decodeByTheBook(text string) (map[int]int64, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	if got := binary.BigEndian.Uint32(raw); got != 0x1c849314 {
		return nil, fmt.Errorf("cookie %x", got)
	}
	z, err := zlib.NewReader(bytes.NewReader(raw[8 : 8+binary.BigEndian.Uint32(raw[4:])]))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	if got := binary.BigEndian.Uint32(body); got != 0x1c849313 {
		return nil, fmt.Errorf("inner cookie %x", got)
	}
	if got := math.Float64frombits(binary.BigEndian.Uint64(body[32:])); got != 1 {
		return nil, fmt.Errorf("conversion ratio %v", got)
	}
	counts := map[int]int64{}
	at, pos := 0, body[40:]
	if got := int(binary.BigEndian.Uint32(body[4:])); got != len(pos) {
		return nil, fmt.Errorf("payload of %d octets, %d announced", len(pos), got)
	}
	for len(pos) > 0 {
		var z uint64
		n := 0
		for shift := 0; ; shift += 7 {
			b := pos[n]
			n++
			z |= uint64(b&0x7f) << shift
			if b < 0x80 {
				break
			}
		}
		pos = pos[n:]
		v := int64(z>>1) ^ -int64(z&1)
		if v < 0 {
			at += int(-v)
			continue
		}
		if v > 0 {
			counts[at] = v
		}
		at++
	}
	return counts, nil
}

func TestLogDecodesByTheBook(t *testing.T) {
	text, rep := logOf(t, 5)
	got := map[string]map[int]int64{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "Tag=") {
			continue
		}
		f := strings.Split(line, ",")
		if len(f) != 5 {
			t.Fatalf("%d fields in %.60q", len(f), line)
		}
		counts, err := decodeByTheBook(f[4])
		if err != nil {
			t.Fatalf("%.60q: %v", line, err)
		}
		if got[f[0]] == nil {
			got[f[0]] = map[int]int64{}
		}
		for i, n := range counts {
			got[f[0]][i] += n
		}
	}
	for _, l := range rep.Labels {
		want := map[int]int64{}
		for i, n := range l.Response.Export().Counts {
			if n > 0 {
				want[i] = n
			}
		}
		if !maps.Equal(got["Tag="+escape(l.Name)+".response"], want) {
			t.Errorf("%s: counts differ", l.Name)
		}
	}
}

func TestTornLogIsRead(t *testing.T) {
	text, _ := logOf(t, 6)
	whole, err := ReadLog(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
	for _, cut := range []int{len(text) - 1, last + 1, last, len(text) * 9 / 10, len(text) * 4 / 5} {
		log, err := ReadLog(bytes.NewReader(text[:cut]))
		if err != nil {
			t.Errorf("cut at %d: %v", cut, err)
			continue
		}
		end := bytes.LastIndexByte(text[:cut-1], '\n') + 1
		if want := text[cut-1] != '\n' || !bytes.HasPrefix(text[end:], []byte(secondMark)); log.Torn != want {
			t.Errorf("cut at %d: torn %v, want %v", cut, log.Torn, want)
		}
		if got := log.Labels[0].Response.TotalCount(); got > whole.Labels[0].Response.TotalCount() || got == 0 {
			t.Errorf("cut at %d: %d samples", cut, got)
		}
		for _, l := range log.Labels {
			if err := l.check(); err != nil {
				t.Errorf("cut at %d: %s: %v", cut, l.Name, err)
			}
		}
	}
}

func TestDamagedLogIsRefused(t *testing.T) {
	text, _ := logOf(t, 3)
	lines := strings.SplitAfter(string(text), "\n")
	for name, bad := range map[string]string{
		"other log":      "0.000,1.000,2.000,HISTFAAAAB\n",
		"missing fields": "Tag=a.response,1\n",
		"base64":         "Tag=a.response,0.000,1.000,1.000,!!!!\n",
		"cookie":         "Tag=a.response,0.000,1.000,1.000,AAAAAAAAAAAAAA==\n",
		"counts":         "#[Counts {\"tag\":\"a\",\"counts\":{\"lost\":1}}]\n",
		"too long":       "Tag=" + strings.Repeat("x", longestLine) + "\n",
	} {
		if _, err := ReadLog(strings.NewReader(lines[0] + bad + lines[5])); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: error %v, want one that names line 2", name, err)
		}
	}
}

// Processors share the work, and still the first damage is the one named.
func TestFirstDamagedLineIsNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	text, _ := logOf(t, 300)
	lines := bytes.SplitAfter(text, []byte("\n"))
	if len(text) < 3*batchSize {
		t.Fatalf("%d octets of log, want three batches", len(text))
	}
	for _, at := range [][2]int{{40, len(lines) - 40}, {len(lines) / 2, len(lines)/2 + 1}, {len(lines) - 4, len(lines) - 3}} {
		bad := slices.Clone(lines)
		bad[at[0]], bad[at[1]] = []byte("Tag=x\n"), []byte("Tag=y\n")
		_, err := ReadLog(bytes.NewReader(bytes.Join(bad, nil)))
		if want := fmt.Sprintf("line %d:", at[0]+1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("lines %d and %d damaged: error %v, want one of %s", at[0]+1, at[1]+1, err, want)
		}
	}
}

func FuzzReadLog(f *testing.F) {
	text, _ := logOf(f, 2)
	f.Add(text)
	f.Add([]byte("Tag=a.response,0.000,1.000,1.000,HISTFAAAABh42pNpmSzMwMDAwQABzFCaEUoz2X+AMYBALQDEMgWA\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := allocs.Above(4*uint64(len(b))+uint64(1+bytes.Count(b, []byte("Tag=")))*4<<20, // a histogram for each tag
			func() { ReadLog(bytes.NewReader(b)) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(b), n)
		}
		if log, err := ReadLog(bytes.NewReader(b)); err == nil {
			for _, l := range log.Labels {
				if l.Response != nil {
					l.Quantile(0.99)
				}
			}
		}
	})
}

// A day of one label at 2,000 exchanges a second has 86,400 lines of each kind.
func BenchmarkReadLog(b *testing.B) {
	text, _ := logOf(b, 300)
	lines := bytes.Count(text, []byte("Tag="))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadLog(bytes.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*lines), "ns/line")
}

func BenchmarkLogWrite(b *testing.B) {
	r := NewRecorder([]string{"purchase"}, 30*time.Second, 0)
	s := r.Shard()
	for i := range 2000 {
		one(s, 0, 0, time.Duration(900+i%700)*time.Microsecond, Approved)
	}
	iv := r.Tick(time.Second)
	w, err := NewLogWriter(io.Discard, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(iv); err != nil {
			b.Fatal(err)
		}
	}
}
