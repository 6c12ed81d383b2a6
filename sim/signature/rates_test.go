package signature

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/posfleet/posfleet/report/plot"
)

var picture = flag.String("picture", "", "measure the error rates by the whole protocol, print them and draw them to this PNG")

// A protocol is how error rates are measured, after that of the first signature
// verification competition (Yeung et al. 2004): of each writer some draws of 5 of 10
// references, and after each draw so many attempts.
type protocol struct{ first, writers, draws, genuine, skilled, random int }

var (
	whole = protocol{writers: 60, draws: 10, genuine: 10, skilled: 20, random: 20}
	// quick tries writers that the threshold was not chosen by.
	quick = protocol{first: 1000, writers: 15, draws: 1, genuine: 10, skilled: 10, random: 10}
)

func (p protocol) String() string {
	return fmt.Sprintf("%d generated writers, %d draws of 5 of 10 references, %d genuine, %d skilled and %d random attempts after each", p.writers, p.draws, p.genuine, p.skilled, p.random)
}

// attempts are the scores of one kind, in rising order, infinite where a quick look
// refused, and how often each reason was given.
type attempts struct {
	scores  []float64
	reasons map[Reason]int
}

func (a *attempts) add(r Result) {
	if a.reasons == nil {
		a.reasons = map[Reason]int{}
	}
	a.reasons[r.Reason]++
	if r.Reason != Accepted && r.Reason != Foreign {
		r.Score = math.Inf(1)
	}
	a.scores = append(a.scores, r.Score)
}

// accepted is the share that a threshold accepts.
func (a *attempts) accepted(threshold float64) float64 {
	n, _ := slices.BinarySearchFunc(a.scores, threshold, func(score, threshold float64) int {
		if score <= threshold {
			return -1
		}
		return 1
	})
	return float64(n) / float64(len(a.scores))
}

// rates are what a protocol found. Shaky attempts are as many as genuine ones; they
// are no part of the error rates.
type rates struct{ genuine, skilled, random, shaky attempts }

// measure plays a protocol; the seeds are fixed.
func measure(t *testing.T, p protocol) *rates {
	t.Helper()
	draw := rand.New(rand.NewPCG(82, 2004))
	m := newScratch()
	var found rates
	for i := range uint64(p.writers) {
		writer := uint64(p.first) + i
		pool := genuine(writer, 0, 10)
		write := func(n int, from uint64, kind Kind) (all []Signature) {
			for i := range uint64(n) {
				all = append(all, Generate(writer, kind, from+i))
			}
			return all
		}
		byWriter := write(p.genuine, 10, Genuine)
		forged := write(p.skilled, 0, Skilled)
		trembling := write(p.genuine, 10, Shaky)
		for range p.draws {
			var references []Signature
			for _, i := range draw.Perm(len(pool))[:5] {
				references = append(references, pool[i])
			}
			w, err := Enroll(references)
			if err != nil {
				t.Fatalf("writer %d: %v", writer, err)
			}
			try := func(a *attempts, all []Signature) {
				for _, s := range all {
					a.add(w.verify(s, m))
				}
			}
			try(&found.genuine, byWriter)
			try(&found.skilled, forged)
			try(&found.shaky, trembling)
			for range p.random {
				other := uint64(p.first) + (i+1+draw.Uint64N(uint64(p.writers)-1))%uint64(p.writers)
				try(&found.random, []Signature{Generate(other, Genuine, 10+draw.Uint64N(10))})
			}
		}
	}
	for _, a := range []*attempts{&found.genuine, &found.skilled, &found.random, &found.shaky} {
		slices.Sort(a.scores)
	}
	return &found
}

// equalError is the rate at which genuine ones are refused as often as forged ones are
// accepted, and the threshold where that is so.
func equalError(genuine, forged *attempts) (rate, threshold float64) {
	nearest := math.Inf(1)
	for _, score := range slices.Concat(genuine.scores, forged.scores) {
		refused, accepted := 1-genuine.accepted(score), forged.accepted(score)
		if gap := math.Abs(refused - accepted); gap < nearest && !math.IsInf(score, 1) {
			nearest, rate, threshold = gap, (refused+accepted)/2, score
		}
	}
	return rate, threshold
}

func TestErrorRates(t *testing.T) {
	if *picture != "" {
		t.Skip("TestErrorRatesOfDocs measures them all")
	}
	r := measure(t, quick)
	skilled, _ := equalError(&r.genuine, &r.skilled)
	random, _ := equalError(&r.genuine, &r.random)
	given := func(a attempts, reason Reason) float64 { return float64(a.reasons[reason]) / float64(len(a.scores)) }
	for name, c := range map[string]struct{ got, lo, hi float64 }{
		"equal error, skilled":          {skilled, 0.001, 0.05},
		"equal error, random":           {random, 0, 0.02},
		"genuine, accepted":             {given(r.genuine, Accepted), 0.94, 1},
		"genuine, refused for a tremor": {given(r.genuine, Tremor), 0, 0.03},
		"skilled, accepted":             {given(r.skilled, Accepted), 0, 0.06},
		"skilled, refused as foreign":   {given(r.skilled, Foreign), 0.9, 1},
		"random, accepted":              {given(r.random, Accepted), 0, 0.01},
		"shaky, accepted":               {given(r.shaky, Accepted), 0, 0.03},
		"shaky, refused for a tremor":   {given(r.shaky, Tremor), 0.8, 1},
	} {
		t.Logf("%s: %.4f", name, c.got)
		if c.got < c.lo || c.got > c.hi {
			t.Errorf("%s: %.4f, want %v to %v", name, c.got, c.lo, c.hi)
		}
	}
}

// An equal error rate is known where the scores are given.
func TestEqualError(t *testing.T) {
	scores := func(v ...float64) *attempts { return &attempts{scores: v} }
	inf := math.Inf(1)
	for _, c := range []struct {
		name            string
		genuine, forged *attempts
		want            float64
	}{
		{"apart", scores(1, 2, 3, 4), scores(5, 6, 7, inf), 0},
		{"one of four each way", scores(1, 2, 3, 6), scores(3, 7, 8, 9), 0.25},
		{"the same", scores(1, 2, 3, 4), scores(1, 2, 3, 4), 0.5},
		{"refused at once counts", scores(1, 2, 3, inf), scores(3.5, 7, 8, 9), 0.25},
	} {
		if got, at := equalError(c.genuine, c.forged); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v at %v, want %v", c.name, got, at, c.want)
		}
	}
}

// go test ./sim/signature -run TestErrorRatesOfDocs -v -picture ../../docs/signature.png
func TestErrorRatesOfDocs(t *testing.T) {
	if *picture == "" {
		t.Skip("draws docs/signature.png when -picture says where; make signature does")
	}
	r := measure(t, whole)
	e := plot.ErrorRates{
		Title: "Signatures decided wrongly, by the threshold",
		Under: whole.String(),
		Score: "highest score that is accepted, in deviations of the enrolled signatures among themselves",
		Notes: []string{
			"The genuine ones that every threshold refuses are those that a quick look refuses.",
			"The writers are generated: the figures say that the program does what it should, and nothing about people.",
		},
		Used: Threshold,
	}
	for i := -20; i <= 160; i++ {
		e.Thresholds = append(e.Thresholds, float64(i)/20)
	}
	curve := func(name string, share func(threshold float64) float64) (c plot.ErrorRate) {
		c.Name = name
		for _, v := range e.Thresholds {
			c.Share = append(c.Share, share(v))
		}
		return c
	}
	e.Rejected = curve("genuine, refused (FRR)", func(v float64) float64 { return 1 - r.genuine.accepted(v) })
	for name, forged := range map[string]*attempts{"skilled forgery": &r.skilled, "another writer's": &r.random} {
		c := curve(name+", accepted (FAR)", forged.accepted)
		c.Equal, c.EqualAt = equalError(&r.genuine, forged)
		e.Accepted = append(e.Accepted, c)
		t.Logf("%s: equal error %.2f %% at %.2f", name, 100*c.Equal, c.EqualAt)
	}
	slices.SortFunc(e.Accepted, func(a, b plot.ErrorRate) int { return cmp.Compare(b.Equal, a.Equal) })
	for _, row := range []struct {
		name string
		a    *attempts
	}{{"genuine", &r.genuine}, {"skilled", &r.skilled}, {"random", &r.random}, {"shaky", &r.shaky}} {
		t.Logf("%s: %d attempts, %.2f %% accepted at %.1f, refused for %v", row.name, len(row.a.scores), 100*row.a.accepted(Threshold), Threshold, row.a.reasons)
	}
	if err := plot.SaveErrorRates(e, *picture); err != nil {
		t.Fatal(err)
	}
}
