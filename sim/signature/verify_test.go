package signature

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
)

// enrolled is a generated writer with five references.
func enrolled(t testing.TB, writer uint64) *Writer {
	t.Helper()
	w, err := Enroll(genuine(writer, 0, 5))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func genuine(writer, from, to uint64) (all []Signature) {
	for n := from; n < to; n++ {
		all = append(all, Generate(writer, Genuine, n))
	}
	return all
}

// change is a signature with each point changed.
func change(s Signature, point func(p *Point)) Signature {
	changed := make(Signature, len(s))
	for i := range s {
		changed[i] = slices.Clone(s[i])
		for j := range changed[i] {
			point(&changed[i][j])
		}
	}
	return changed
}

func TestEachReasonIsGiven(t *testing.T) {
	w := enrolled(t, 3)
	steady := Generate(3, Genuine, 7)
	if got := w.Verify(steady); !got.Accepted() || got.Score == 0 {
		t.Fatalf("a steady genuine one: %+v", got)
	}
	for want, s := range map[Reason]Signature{
		Malformed:    nil,
		TooFewPoints: {steady[0][:20]},
		TooLittleInk: change(steady, func(p *Point) { p.X, p.Y = 1000+p.X/8, 1000+p.Y/8 }),
		TooQuick:     change(steady, func(p *Point) { p.T = p.T * 2 / 5 }),
		TooSlow:      change(steady, func(p *Point) { p.T = p.T * 5 / 2 }),
		Tremor:       Generate(3, Shaky, 7),
		Foreign:      change(steady, func(p *Point) { p.X = 9000 - p.X }),
	} {
		if got := w.Verify(s); got.Reason != want || got.Accepted() {
			t.Errorf("%q: got %+v", want, got)
		}
	}
}

// Where, how large and at which rate of the pad a signature is written says nothing
// about the writer.
func TestPlaceSizeAndRateDoNotMatter(t *testing.T) {
	w := enrolled(t, 3)
	s := Generate(3, Genuine, 7)
	usual := w.Verify(s).Score
	for name, other := range map[string]Signature{
		"elsewhere":   change(s, func(p *Point) { p.X, p.Y = p.X+5000, p.Y+3000 }),
		"larger":      change(s, func(p *Point) { p.X, p.Y = p.X*3/2, p.Y*3/2 }),
		"pressed":     change(s, func(p *Point) { p.Pressure = 100 + p.Pressure/2 }),
		"later":       change(s, func(p *Point) { p.T += 3000 }),
		"at 200 Hz":   twice(s),
		"not at 0 ms": change(s, func(p *Point) { p.T += 7 }),
	} {
		if got := w.Verify(other); !got.Accepted() || math.Abs(got.Score-usual) > 0.2 {
			t.Errorf("%s: %+v, want a score near %.2f", name, got, usual)
		}
	}
}

// twice puts a point between each two.
func twice(s Signature) Signature {
	var more Signature
	for _, stroke := range s {
		var points Stroke
		for i, p := range stroke {
			if i > 0 {
				q := stroke[i-1]
				points = append(points, Point{(p.X + q.X) / 2, (p.Y + q.Y) / 2, (p.T + q.T) / 2, (p.Pressure + q.Pressure) / 2})
			}
			points = append(points, p)
		}
		more = append(more, points)
	}
	return more
}

func TestWhatCannotBeEnrolled(t *testing.T) {
	short := Signature{Generate(3, Genuine, 0)[0][:5]}
	for want, refs := range map[string][]Signature{
		"2 to enrol, want 3 to 16":             genuine(3, 0, 2),
		"17 to enrol":                          genuine(3, 0, 17),
		"number 4: signature: 0 strokes":       append(genuine(3, 0, 3), nil),
		"number 3: signature: written in 50":   append(genuine(3, 0, 2), short),
		"copies of one":                        slices.Repeat(genuine(3, 0, 1), 5),
		"number 5: signature: nothing in comm": append(genuine(3, 0, 4), change(genuine(3, 0, 1)[0], func(p *Point) { p.T *= 3 })),
	} {
		if _, err := Enroll(refs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}

// What is given as the score is what the comment at distances and Score says.
func TestScoreIsAsDefined(t *testing.T) {
	sum := func(d, usual distances) float64 {
		return (d.nearest/usual.nearest + d.all/usual.all + d.template/usual.template) / 3
	}
	to := func(w *Writer, s []sample, but int) (d distances) {
		d.nearest = math.Inf(1)
		n := 0.0
		for i, r := range w.references {
			if i == but {
				continue
			}
			v := new(aligner).distance(s, r)
			d.nearest, d.all, n = min(d.nearest, v), d.all+v, n+1
			if i == w.template {
				d.template = v
			}
		}
		if d.all /= n; but == w.template {
			d.template = d.all
		}
		return d
	}
	w := enrolled(t, 3)
	var usual distances
	for i, r := range w.references {
		d := to(w, r, i)
		usual.nearest, usual.all, usual.template = usual.nearest+d.nearest/5, usual.all+d.all/5, usual.template+d.template/5
	}
	var own []float64
	for i, r := range w.references {
		own = append(own, sum(to(w, r, i), usual))
	}
	m := newScratch()
	for n := range uint64(10) {
		got := w.verify(Generate(3, Genuine, 10+n), m).Score
		want := (sum(to(w, m.trace.samples, -1), usual) - mean(own)) / math.Hypot(deviation(own), leastDeviation)
		if math.Abs(got-want) > 1e-6 {
			t.Errorf("signature %d: %v, want %v", 10+n, got, want)
		}
	}
}

// A pad that reads every 15 ms is read between its points.
func TestSamplesStandAtEvenTimes(t *testing.T) {
	var tr trace
	tr.resample(Signature{{{0, 300, 3, 90}, {150, 150, 18, 120}, {300, 0, 33, 150}}, {{7, 7, 90, 7}}})
	want := [][3]float64{{0, 300, 90}, {100, 200, 110}, {200, 100, 130}, {300, 0, 150}, {7, 7, 7}}
	if len(tr.x) != len(want) || !slices.Equal(tr.ends, []int{4, 5}) {
		t.Fatalf("%d samples, strokes end at %v", len(tr.x), tr.ends)
	}
	for i, w := range want {
		if got := [3]float64{tr.x[i], tr.y[i], tr.pressure[i]}; math.Abs(got[0]-w[0])+math.Abs(got[1]-w[1])+math.Abs(got[2]-w[2]) > 1e-9 {
			t.Errorf("sample %d: %v, want %v", i, got, w)
		}
	}
}

// Two strokes to the right, each sample 1 mm on: no feature knows of the way
// between them.
func TestFeaturesEndWithAStroke(t *testing.T) {
	var s Signature
	for k := range 2 {
		var stroke Stroke
		for i := range 30 {
			stroke = append(stroke, Point{uint16(100*i + 1000), uint16(500 + 4000*k), uint16(10*i + 1000*k), 500})
		}
		s = append(s, stroke)
	}
	m := newScratch()
	m.trace.reset(s, m.canvas)
	if n := len(m.trace.samples); n != 60 {
		t.Fatalf("%d samples, want 60", n)
	}
	for i, got := range m.trace.samples {
		for f, want := range (sample{0, 0, 0, 1, 0, 0, 0}) {
			if math.Abs(float64(got[f]-want)) > 1e-5 {
				t.Errorf("sample %d: %v", i, got)
				break
			}
		}
	}
	if m.trace.duration != 1290 || m.trace.tremor > 1e-6 {
		t.Errorf("%v ms, tremor %v", m.trace.duration, m.trace.tremor)
	}
}

// A long signature before must not change what a short one gets.
func TestMemoryOfOneComparisonDoesNotReachTheNext(t *testing.T) {
	w := enrolled(t, 3)
	s := Generate(3, Genuine, 7)
	fresh := w.verify(s, newScratch())
	used := newScratch()
	for n := range uint64(5) {
		w.verify(Generate(100+n, Skilled, n), used)
	}
	if got := w.verify(s, used); got != fresh {
		t.Errorf("%+v after others, %+v at first", got, fresh)
	}
}

func TestComparingTakesNoMemory(t *testing.T) {
	w, m := enrolled(t, 3), newScratch()
	s := Generate(3, Genuine, 7)
	if n := testing.AllocsPerRun(10, func() { w.verify(s, m) }); n > 0 {
		t.Errorf("%v allocations for one comparison", n)
	}
}

func TestOneWriterServesMany(t *testing.T) {
	w := enrolled(t, 3)
	var wg sync.WaitGroup
	for g := range uint64(4) {
		wg.Go(func() {
			s := Generate(3, Genuine, 10+g)
			first := w.Verify(s)
			for range 10 {
				if got := w.Verify(s); got != first {
					t.Errorf("%+v, then %+v", first, got)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkVerify(b *testing.B) {
	w, s := enrolled(b, 3), Generate(3, Genuine, 7)
	b.ReportAllocs()
	for range b.N {
		w.Verify(s)
	}
}

func BenchmarkGenerate(b *testing.B) {
	b.ReportAllocs()
	for n := range uint64(b.N) {
		Generate(3, Genuine, n)
	}
}

func ExampleEnroll() {
	var references []Signature
	for n := range uint64(5) {
		references = append(references, Generate(3, Genuine, n))
	}
	writer, err := Enroll(references)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("genuine:", writer.Verify(Generate(3, Genuine, 7)).Accepted())
	fmt.Println("shaky:", writer.Verify(Generate(3, Shaky, 7)).Reason)
	fmt.Println("forged:", writer.Verify(Generate(3, Skilled, 7)).Reason)
	fmt.Println("another's:", writer.Verify(Generate(4, Genuine, 7)).Reason)
	// Output:
	// genuine: true
	// shaky: tremor
	// forged: foreign
	// another's: foreign
}
