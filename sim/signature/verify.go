package signature

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/posfleet/posfleet/sim/signature/jbig"
)

// Reason is why a signature is not accepted: a word for records and for the texts
// of displays, which are made elsewhere.
type Reason string

// The reasons, in the order in which they are looked for.
const (
	Accepted     Reason = ""
	Malformed    Reason = "malformed"      // [Signature.Check] refuses it
	TooFewPoints Reason = "too-few-points" // hardly anything is written
	TooLittleInk Reason = "too-little-ink" // its image has too few black pixels
	TooQuick     Reason = "too-quick"      // in less than half of the usual time
	TooSlow      Reason = "too-slow"       // in more than twice the usual time
	Tremor       Reason = "tremor"         // the hand shakes
	Foreign      Reason = "foreign"        // unlike the enrolled ones
)

// Bounds of the quick looks, before anything is compared.
const (
	leastSamples = 25  // of 10 ms each: a quarter of a second
	leastInk     = 0.4 // of the enrolled ones' mean
	leastTime    = 0.5 // of the enrolled ones' mean
	mostTime     = 2.0
	moreTremor   = 0.07 // beside the enrolled ones' mean, in deviations of the height
)

// How many genuine signatures make a [Writer]; five are usual.
const (
	MinReferences = 3
	MaxReferences = 16
)

// Threshold is the highest score that is accepted, the same for all writers.
// docs/signature.md shows how often it errs.
const Threshold = 1.0

// A Writer is what is known of one person's signature. Many goroutines may use it. It
// takes some 3 KB for each second and reference.
type Writer struct {
	references [][]sample
	template   int // the reference that is nearest to all others

	usual           distances // means over the references, each to the others
	mean, deviation float64   // of the references' own sums, see [Writer.sum]

	duration, ink, tremor float64 // means
}

// distances are those of one signature to references: to the nearest, to all in
// the mean, to the template (Kholmatov and Yanikoglu 2005).
type distances struct{ nearest, all, template float64 }

// A Result is what a comparison found.
type Result struct {
	Reason Reason // [Accepted], or why not
	// Score is how far the signature is from the enrolled ones, in deviations of
	// these among themselves above their mean; infinite where no path of time leads
	// from one to the other, 0 where a quick look settled it.
	Score float64
}

// Accepted tells whether the signature is taken for the writer's.
func (r Result) Accepted() bool { return r.Reason == Accepted }

// scratch is the memory of one comparison.
type scratch struct {
	trace   trace
	aligner aligner
	canvas  *jbig.Bitmap
}

func newScratch() *scratch { return &scratch{canvas: jbig.NewBitmap(ImageWidth, ImageHeight)} }

var scratches = sync.Pool{New: func() any { return newScratch() }}

// Enroll learns a writer from genuine signatures, [MinReferences] to
// [MaxReferences]. It is an error when one of them says too little or has nothing in
// common with the others; the error counts them from one.
func Enroll(genuine []Signature) (*Writer, error) {
	if n := len(genuine); n < MinReferences || n > MaxReferences {
		return nil, fmt.Errorf("signature: %d to enrol, want %d to %d", n, MinReferences, MaxReferences)
	}
	w := &Writer{references: make([][]sample, len(genuine))}
	m := newScratch()
	t := &m.trace
	for i, s := range genuine {
		if err := s.Check(); err != nil {
			return nil, fmt.Errorf("enrol number %d: %w", i+1, err)
		}
		t.reset(s, m.canvas)
		if len(t.samples) < leastSamples {
			return nil, fmt.Errorf("enrol number %d: signature: written in %d ms, want %d or more", i+1, len(t.samples)*resampleTime, leastSamples*resampleTime)
		}
		w.references[i] = slices.Clone(t.samples)
		w.duration += t.duration / float64(len(genuine))
		w.ink += float64(t.ink) / float64(len(genuine))
		w.tremor += t.tremor / float64(len(genuine))
	}
	if err := w.compareReferences(&m.aligner); err != nil {
		return nil, err
	}
	return w, nil
}

// compareReferences learns how much the references differ among themselves.
func (w *Writer) compareReferences(a *aligner) error {
	n := len(w.references)
	between := make([][]float64, n)
	best, worst, unlike := math.Inf(1), 0, 0
	for i := range w.references {
		between[i] = make([]float64, n)
		sum, alien := 0.0, 0
		for j := range w.references {
			if i == j {
				continue
			}
			between[i][j] = a.distance(w.references[i], w.references[j])
			if sum += between[i][j]; math.IsInf(between[i][j], 1) {
				alien++
			}
		}
		if sum < best {
			best, w.template = sum, i
		}
		if alien > worst {
			worst, unlike = alien, i
		}
	}
	if worst > 0 {
		return fmt.Errorf("enrol number %d: signature: nothing in common with %d of the others", unlike+1, worst)
	}
	each := make([]distances, n)
	for i := range each {
		d := distances{nearest: math.Inf(1)}
		for j, v := range between[i] {
			if j != i {
				d.nearest, d.all = min(d.nearest, v), d.all+v/float64(n-1)
			}
		}
		if d.template = between[i][w.template]; i == w.template { // it has no other
			d.template = d.all
		}
		each[i] = d
		w.usual.nearest += d.nearest / float64(n)
		w.usual.all += d.all / float64(n)
		w.usual.template += d.template / float64(n)
	}
	if w.usual.nearest < 1e-6 {
		return fmt.Errorf("signature: those to enrol are copies of one")
	}
	sums := make([]float64, n)
	for i, d := range each {
		sums[i] = w.sum(d)
	}
	w.mean, w.deviation = mean(sums), math.Hypot(deviation(sums), leastDeviation)
	return nil
}

// leastDeviation keeps five references that happen to be alike from making a
// threshold that nobody meets.
const leastDeviation = 0.1

// sum makes one number of distances, each measured by what is usual for the writer;
// the references' own mean is 1.
func (w *Writer) sum(d distances) float64 {
	return (d.nearest/w.usual.nearest + d.all/w.usual.all + d.template/w.usual.template) / 3
}

// Verify compares a signature with the enrolled ones.
func (w *Writer) Verify(s Signature) Result {
	m := scratches.Get().(*scratch)
	defer scratches.Put(m)
	return w.verify(s, m)
}

func (w *Writer) verify(s Signature, m *scratch) Result {
	if s.Check() != nil {
		return Result{Reason: Malformed}
	}
	t := &m.trace
	t.reset(s, m.canvas)
	if reason := w.look(t); reason != Accepted {
		return Result{Reason: reason}
	}
	score := w.score(t, &m.aligner)
	if score > Threshold {
		return Result{Foreign, score}
	}
	return Result{Accepted, score}
}

// look is what can be told without a comparison.
func (w *Writer) look(t *trace) Reason {
	switch {
	case len(t.samples) < leastSamples:
		return TooFewPoints
	case float64(t.ink) < leastInk*w.ink:
		return TooLittleInk
	case t.duration < leastTime*w.duration:
		return TooQuick
	case t.duration > mostTime*w.duration:
		return TooSlow
	case t.tremor > math.Hypot(1.1*w.tremor, moreTremor):
		return Tremor
	}
	return Accepted
}

// score compares a trace with all references.
func (w *Writer) score(t *trace, a *aligner) float64 {
	d := distances{nearest: math.Inf(1)}
	for i := range w.references {
		v := a.distance(t.samples, w.references[i])
		d.nearest = min(d.nearest, v)
		d.all += v / float64(len(w.references))
		if i == w.template {
			d.template = v
		}
	}
	return (w.sum(d) - w.mean) / w.deviation
}
