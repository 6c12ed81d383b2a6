package report

import (
	"cmp"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// mostKinds bounds how many kinds of failure, and of reason, a run tells apart.
const mostKinds = 100

// Failure is how often a sentence did not hold after exchanges that ended alike.
type Failure struct {
	At       string `json:"at"` // file:line
	Sentence string `json:"sentence"`
	Outcome  string `json:"outcome"` // of the exchange before it, "approved" when there was none
	N        int64  `json:"n"`
	Why      string `json:"why"` // of the first
}

// failures groups what did not hold. It is written to only when something went
// wrong.
type failures struct {
	mu    sync.Mutex
	kinds map[failureKind]*Failure
	stuck map[string]int64 // arrivals by reason
	begun []int64          // of these, by the second in which a terminal began them
	stray map[string]*Stray

	explaining sync.Mutex        // its own: whoever takes a failure down asks for its words
	words      map[string]string // what was found out about messages of a kind
}

type failureKind struct {
	at string
	o  Outcome
}

// Failure takes down a step that did not hold: where its sentence stands, how the
// exchange before it ended, and why it did not hold.
func (r *Recorder) Failure(at, sentence string, o Outcome, why error) {
	f := &r.failures
	f.mu.Lock()
	defer f.mu.Unlock()
	k := failureKind{at, o}
	known := f.kinds[k]
	if known == nil {
		if len(f.kinds) >= mostKinds {
			return
		}
		if f.kinds == nil {
			f.kinds = map[failureKind]*Failure{}
		}
		known = &Failure{At: at, Sentence: sentence, Outcome: o.String(), Why: cause(why)}
		f.kinds[k] = known
	}
	known.N++
}

// Stuck takes down an arrival that was given to a terminal which could not send
// what it was about, and why. The shard has counted it as begun in a second of the run.
func (r *Recorder) Stuck(s *Shard, second int, why error) {
	s.count(tally{Stuck: 1})
	f := &r.failures
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stuck = addReason(f.stuck, why)
	for len(f.begun) <= second {
		f.begun = append(f.begun, 0)
	}
	f.begun[second]++
}

// stuckIn sums the stuck arrivals that were begun from one tick up to the next, as
// plannedIn does.
func (f *failures) stuckIn(from, upto time.Duration) (n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, b := int(from.Round(time.Second)/time.Second), int(upto.Round(time.Second)/time.Second)
	for k := a; k < min(b, len(f.begun)); k++ {
		n += f.begun[k]
	}
	return n
}

// Stray takes down a message of some kind that no exchange waited for. Of the first
// of its kind it asks for the fields, masked.
func (s *Shard) Stray(kind string, fields func() string) { s.r.failures.addStray(kind, 1, fields) }

// Explained is what explain says of the first message of a kind that is not the answer it may
// be meant for; that takes milliseconds, and a host may break each of its answers. Nothing is
// said of more kinds than are told apart.
func (s *Shard) Explained(kind string, explain func() string) string {
	f := &s.r.failures
	f.explaining.Lock()
	words, known := f.words[kind]
	many := len(f.words) >= mostKinds
	f.explaining.Unlock()
	if known || many {
		return words
	}
	words = explain()
	f.explaining.Lock()
	defer f.explaining.Unlock()
	if f.words == nil {
		f.words = map[string]string{}
	}
	f.words[kind] = words
	return words
}

func (f *failures) addStray(kind string, n int64, fields func() string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := f.stray[kind]
	if known == nil {
		if len(f.stray) >= mostKinds {
			return
		}
		if f.stray == nil {
			f.stray = map[string]*Stray{}
		}
		known = &Stray{Kind: kind, First: fields()}
		f.stray[kind] = known
	}
	known.N += n
}

// strays gives the kinds of strays, the commonest first.
func (f *failures) strays() (all []Stray) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.stray {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Stray) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Kind, b.Kind)) })
	return all
}

// ownAddress is this machine's end of a connection, whose port is another each time.
var ownAddress = regexp.MustCompile(`\S+->`)

// sameEachTime is an error that says something else each time, and also what is the same.
type sameEachTime interface {
	error
	Alike() string
}

// cause is an error in words that are the same for the same cause.
func cause(why error) string {
	text := why.Error()
	if a, ok := errors.AsType[sameEachTime](why); ok {
		text = strings.Replace(text, a.Error(), a.Alike(), 1)
	}
	return Printable(ownAddress.ReplaceAllString(text, ""))
}

// addReason counts by reason, the rarer ones together once there are many.
func addReason(to map[string]int64, why error) map[string]int64 {
	if to == nil {
		to = map[string]int64{}
	}
	text := cause(why)
	if _, known := to[text]; !known && len(to) >= mostKinds {
		text = "for other reasons"
	}
	to[text]++
	return to
}

// told gives the failures, the commonest first, and the reasons of stuck arrivals.
func (f *failures) told() ([]Failure, map[string]int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []Failure
	for _, k := range f.kinds {
		all = append(all, *k)
	}
	sortFailures(all)
	return all, maps.Clone(f.stuck)
}

func sortFailures(all []Failure) {
	slices.SortFunc(all, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.At, b.At), cmp.Compare(a.Outcome, b.Outcome))
	})
}

// mergeFailures adds up those of two runs.
func mergeFailures(a, b []Failure) []Failure {
	out := slices.Clone(a)
	for _, f := range b {
		i := slices.IndexFunc(out, func(o Failure) bool { return o.At == f.At && o.Outcome == f.Outcome })
		if i < 0 {
			out = append(out, f)
		} else {
			out[i].N += f.N
		}
	}
	sortFailures(out)
	return out
}

// addCounts adds counts by name; the result is a map of its own.
func addCounts(a, b map[string]int64) map[string]int64 {
	if len(b) == 0 {
		return a
	}
	sum := maps.Clone(a)
	if sum == nil {
		sum = map[string]int64{}
	}
	for name, n := range b {
		sum[name] += n
	}
	return sum
}

// total adds up counts by name.
func total(m map[string]int64) (n int64) {
	for _, k := range m {
		n += k
	}
	return n
}
