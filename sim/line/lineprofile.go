package line

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/posfleet/posfleet/sim/strict"
)

// Profile is a named kind of line: how slow it is, how jittery, how often it stalls
// and breaks. What it adds to an exchange is the line's, not the host's.
type Profile struct {
	Name     string
	Connect  time.Duration // that connecting takes: registering, dialing, training
	P50, P95 time.Duration // of a round trip, log-normal
	Lost     float64       // share of messages that come after a stall: TCP sends them again
	Up, Down float64       // bits a second; 0 for as many as there are
	Breaks   float64       // share of exchanges in which the line breaks
	HangsUp  bool          // after each exchange: one call a sale
	NoSignal string        // what a terminal shows when there is no such line
}

//go:embed profiles.yaml
var profilesFile []byte

var profiles = sync.OnceValue(func() []*Profile {
	r := &strict.Reader{File: "profiles.yaml"}
	var all []*Profile
	if root, ok := r.Document(profilesFile); ok {
		all = ReadProfiles(r, root, nil)
	}
	if err := r.Err(); err != nil {
		panic(err) // it is part of this program
	}
	return all
})

// Profiles are the line profiles that come with posfleet, in the order of their file.
func Profiles() []*Profile { return profiles() }

// FindProfile is the profile of a name among some; nil for none.
func FindProfile(among []*Profile, name string) *Profile {
	if i := slices.IndexFunc(among, func(p *Profile) bool { return p.Name == name }); i >= 0 {
		return among[i]
	}
	return nil
}

// ProfileNames lists the names of profiles, for messages.
func ProfileNames(among []*Profile) string {
	var all []string
	for _, p := range among {
		all = append(all, p.Name)
	}
	return strings.Join(all, ", ")
}

var (
	profileShape = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	numberShape  = regexp.MustCompile(`^\d{1,7}(\.\d{1,6})?$`)
)

// slowest is the longest that a line may take to connect, or for a round trip.
const slowest = 5 * time.Minute

// ReadProfiles reads a mapping of line profiles by name and adds them to those that
// there are; one of the same name takes the older one's place.
func ReadProfiles(r *strict.Reader, v strict.Value, to []*Profile) []*Profile {
	to = slices.Clone(to)
	r.Each(v, func(name string, v strict.Value) {
		p := &Profile{Name: name}
		found := r.Map(v, strict.Table{
			"connect":   r.Duration(&p.Connect, 0, slowest),
			"p50":       r.Duration(&p.P50, 0, slowest),
			"p95":       r.Duration(&p.P95, 0, slowest),
			"lost":      number(r, &p.Lost, 100, 100, "percent of the messages"),
			"up":        number(r, &p.Up, 1e7, 1e-3, "kilobits a second"),
			"down":      number(r, &p.Down, 1e7, 1e-3, "kilobits a second"),
			"breaks":    number(r, &p.Breaks, 1000, 1000, "exchanges of 1,000"),
			"hangs-up":  r.Bool(&p.HangsUp),
			"no-signal": r.Text(&p.NoSignal),
		})
		r.Need(v, found, "p50", "p95")
		switch {
		case !profileShape.MatchString(name) || name == "kinds":
			r.Fail(v, "%s is no name of a line profile: small letters, digits and hyphens, and not kinds", strict.Quote(name))
		case p.P95 < p.P50:
			r.Fail(v, "p95 %v is less than p50 %v; give the larger one", p.P95, p.P50)
		case p.P50 == 0 && p.P95 > 0:
			r.Fail(v, "p50 is 0 and p95 is not: no log-normal distribution is like that; give p50 too")
		}
		if i := slices.IndexFunc(to, func(o *Profile) bool { return o.Name == name }); i >= 0 {
			to[i] = p
		} else {
			to = append(to, p)
		}
	})
	return to
}

// number reads a number from 0 to most, written in units of which one is 1/per.
func number(r *strict.Reader, to *float64, most, per float64, unit string) func(strict.Value) {
	return func(v strict.Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		x, err := strconv.ParseFloat(s, 64)
		if err != nil || !numberShape.MatchString(s) || x > most {
			r.Fail(v, "%s, want %s, from 0 to %g", strict.Quote(s), unit, most)
			return
		}
		*to = x / per
	}
}

// String tells the profile in one line: "4g: connects in 300ms, round trip 70ms (p50)
// and 250ms (p95), …".
func (p *Profile) String() string {
	s := fmt.Sprintf("%s: connects in %v, round trip %v (p50) and %v (p95), %.3g %% of messages stall, breaks in %.3g of 1,000 exchanges",
		p.Name, p.Connect, p.P50, p.P95, 100*p.Lost, 1000*p.Breaks)
	if p.Up > 0 && p.Down > 0 {
		s += fmt.Sprintf(", %g/%g kbit/s", p.Up/1000, p.Down/1000)
	}
	return s
}
