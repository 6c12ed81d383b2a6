package line

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Storm says which faults strike how often. What strikes a message depends on the seed
// and on the message's place among those of its terminal alone, not on the time or on
// other terminals: the same storm strikes the same messages again.
type Storm struct {
	Seed  uint64
	Rates []Rate // one for each fault at most

	met [faultKinds]atomic.Int64 // messages that a rate which counts could have struck
}

// Rate is how often one fault strikes the messages that it can: a share of them, or each
// so-manieth, or the first so many.
type Rate struct {
	Fault Fault
	Share float64
	Every int64 // 0 for no counting
	First int64 // 0 for no counting
	Delay time.Duration
}

// Strike is one fault done to one message.
type Strike struct {
	Fault    Fault  `json:"-"`
	Name     string `json:"fault"`
	Terminal string `json:"terminal"`
	Message  uint64 `json:"message"` // of the terminal's in this direction, from 1
	MTI      string `json:"mti,omitempty"`
}

// ParseStorm reads faults as a command line has them: answer-lost=5%, of the messages that
// it can strike; answer-lost=97th, each 97th of them; answer-lost=3x, the first three;
// and after a colon how long it takes, where it takes time: answer-late=5%:3s.
func ParseStorm(seed uint64, faults []string) (*Storm, error) {
	s := &Storm{Seed: seed}
	var sums [2]float64
	for _, text := range faults {
		r, err := parseRate(text)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(s.Rates, func(o Rate) bool { return o.Fault == r.Fault }) {
			return nil, fmt.Errorf("fault %q: %s is there twice, give it once", text, r.Fault.Flag())
		}
		if sums[r.Fault.Side()] += r.Share; sums[r.Fault.Side()] > 1+1e-9 {
			return nil, fmt.Errorf("fault %q: the shares of faults that meet %ss come to more than 100%%", text, [...]string{"request", "answer"}[r.Fault.Side()])
		}
		s.Rates = append(s.Rates, r)
	}
	return s, nil
}

func parseRate(text string) (r Rate, err error) {
	name, often, given := strings.Cut(text, "=")
	if r.Fault, err = FaultNamed(name); err != nil {
		return r, err
	}
	bad := func() (Rate, error) {
		return r, fmt.Errorf("fault %q: want how often, such as %s=5%%, %s=97th or %s=3x", text, name, name, name)
	}
	often, delay, slow := strings.Cut(often, ":")
	r.Delay = r.Fault.Delay()
	if slow {
		if r.Delay == 0 {
			return r, fmt.Errorf("fault %q: %s takes no time, leave %q out", text, name, ":"+delay)
		}
		if r.Delay, err = time.ParseDuration(delay); err != nil || r.Delay < 0 || r.Delay > time.Hour {
			return r, fmt.Errorf("fault %q: %q is no length of time, want such as %s=%s:3s", text, delay, name, often)
		}
	}
	count := func(digits string) (n int64, ok bool) {
		n, err := strconv.ParseInt(digits, 10, 32)
		return n, err == nil && n > 0
	}
	ok := false
	switch digits, unit := often, ""; {
	case !given:
	default:
		for _, unit = range []string{"%", "st", "nd", "rd", "th", "x"} {
			if digits, ok = strings.CutSuffix(often, unit); ok {
				break
			}
		}
		switch {
		case !ok:
		case unit == "%":
			var v float64
			v, err = strconv.ParseFloat(digits, 64)
			r.Share = v / 100
			ok = err == nil && r.Share > 0 && r.Share <= 1
		case unit == "x":
			r.First, ok = count(digits)
		default:
			r.Every, ok = count(digits)
		}
	}
	if !ok {
		return bad()
	}
	return r, nil
}

// String is the rate as ParseStorm reads it.
func (r Rate) String() string {
	often := strconv.FormatFloat(math.Round(r.Share*10000)/100, 'f', -1, 64) + "%"
	switch {
	case r.Every > 0:
		often = fmt.Sprintf("%dth", r.Every)
	case r.First > 0:
		often = fmt.Sprintf("%dx", r.First)
	}
	text := r.Fault.Flag() + "=" + often
	if r.Delay != r.Fault.Delay() {
		text += ":" + r.Delay.String()
	}
	return text
}

// LateBy has late messages come so much later where nobody said how much: after the
// terminals' timeout, for whoever knows it.
func (s *Storm) LateBy(d time.Duration) {
	for i := range s.Rates {
		if r := &s.Rates[i]; (r.Fault == LateRequest || r.Fault == LateAnswer) && r.Delay == lateBy {
			r.Delay = d
		}
	}
}

// AtOnce has octets that trickle come one by one with no time between them, as whoever
// plays many storms wants it.
func (s *Storm) AtOnce() {
	for i := range s.Rates {
		if r := &s.Rates[i]; r.Fault == TrickleRequest || r.Fault == TrickleAnswer {
			r.Delay = 0
		}
	}
}

// String is the storm as flags say it.
func (s *Storm) String() string {
	words := make([]string, len(s.Rates))
	for i, r := range s.Rates {
		words[i] = r.String()
	}
	return strings.Join(words, " ")
}

// How often the faults of a drawn storm strike, each by itself. More finds less: most
// payments would never come to their end.
const (
	weakest   = 0.02
	strongest = 0.06
)

// DrawStorm draws which of the faults strike, and how often: each in half of all storms,
// and one at least.
func DrawStorm(seed uint64, of []Fault) *Storm {
	s := &Storm{Seed: seed}
	for _, f := range of {
		if h := mix(seed, uint64(f)); h&1 == 1 {
			s.Rates = append(s.Rates, Rate{Fault: f, Share: drawnShare(h), Delay: f.Delay()})
		}
	}
	if len(s.Rates) == 0 && len(of) > 0 {
		h := mix(seed, uint64(faultKinds))
		f := of[h%uint64(len(of))]
		s.Rates = []Rate{{Fault: f, Share: drawnShare(h), Delay: f.Delay()}}
	}
	return s
}

// drawnShare is in hundredths of a percent, so that what is told of it can be asked again.
func drawnShare(h uint64) float64 {
	return math.Round((weakest+(strongest-weakest)*unit(h))*10000) / 10000
}

// Draw says what strikes message n of a terminal, among what can.
func (s *Storm) Draw(side Side, terminal string, n uint64, can func(Fault) bool) (struck Rate, is bool) {
	u := unit(mix(s.Seed^nameHash(terminal), n<<1|uint64(side)))
	from := 0.0
	for i := range s.Rates {
		r := &s.Rates[i]
		if r.Fault.Side() != side {
			continue
		}
		hit := u >= from && u < from+r.Share
		from += r.Share
		switch {
		case !can(r.Fault):
			continue
		case r.Every > 0:
			hit = s.met[r.Fault].Add(1)%r.Every == 0
		case r.First > 0:
			hit = s.met[r.Fault].Add(1) <= r.First
		}
		if hit && !is {
			struck, is = *r, true
		}
	}
	return struck, is
}

// Pick is a number for what the strike of a message is to do, such as which bit to flip.
func (s *Storm) Pick(side Side, terminal string, n uint64) uint64 {
	return mix(mix(s.Seed^nameHash(terminal), n<<1|uint64(side)), 1)
}

// Never are the faults of the storm that are not among those injected.
func (s *Storm) Never(injected map[string]int64) (never []string) {
	for _, r := range s.Rates {
		if injected[r.Fault.String()] == 0 {
			never = append(never, r.Fault.String())
		}
	}
	return never
}

// SortStrikes puts strikes into an order that does not depend on which terminal was
// faster.
func SortStrikes(all []Strike) {
	for i := range all {
		all[i].Name = all[i].Fault.String()
	}
	slices.SortStableFunc(all, func(a, b Strike) int {
		return cmp.Or(cmp.Compare(a.Terminal, b.Terminal), cmp.Compare(a.Fault.Side(), b.Fault.Side()), cmp.Compare(a.Message, b.Message))
	})
}

// mix spreads (seed, n) over 64 bits: splitmix64's finaliser.
func mix(seed, n uint64) uint64 {
	z := seed + (n+1)*0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// unit is a hash as a number from 0 to below 1.
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }

// nameHash is FNV-1a.
func nameHash(name string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return h
}
