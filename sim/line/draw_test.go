package line

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/strict"
)

// What lines draw is distributed as their profile says. The seed is fixed, so that
// the test never depends on luck.
func TestDrawsFollowTheProfile(t *testing.T) {
	const n = 200_000
	for _, p := range Profiles() {
		t.Run(p.Name, func(t *testing.T) {
			e := NewEmulation(p, 42, "10000001")
			trips := make([]time.Duration, 0, n)
			stalls, breaks := 0, [4]int{}
			for range n {
				d := e.draw()
				trips = append(trips, d.up+d.down-time.Duration(d.stalls)*p.stall())
				stalls += d.stalls
				breaks[d.breaks]++
			}
			slices.Sort(trips)
			near := func(what string, got, want, within float64) {
				if math.Abs(got-want) > within {
					t.Errorf("%s is %v, want %v within %v", what, got, want, within)
				}
			}
			near("p50", float64(trips[n/2]), float64(p.P50), 0.02*float64(p.P50))
			near("p95", float64(trips[n*95/100]), float64(p.P95), 0.03*float64(p.P95))
			near("stalls", float64(stalls), 2*n*p.Lost, 5*math.Sqrt(2*n*p.Lost)+1)
			for _, b := range []breaking{beforeRequest, withRequest, withAnswer} {
				near("a kind of break", float64(breaks[b]), n*p.Breaks/3, 5*math.Sqrt(n*p.Breaks/3)+1)
			}
		})
	}
}

// The same seed and terminal have the same line, another one has another.
func TestDrawsComeFromSeedAndTerminal(t *testing.T) {
	p := FindProfile(Profiles(), "4g")
	draws := func(seed uint64, terminal string) (all [20]passage) {
		e := NewEmulation(p, seed, terminal)
		for i := range all {
			all[i] = e.draw()
		}
		return all
	}
	if again := draws(7, "10000001"); again != draws(7, "10000001") {
		t.Error("the same seed draws something else the second time")
	}
	if draws(7, "10000001") == draws(7, "10000002") || draws(7, "10000001") == draws(8, "10000001") {
		t.Error("another terminal or seed draws the same")
	}
}

// 250 octets at 1,200 bits a second take what they take; without a bandwidth nothing.
func TestOctetsTakeTheirTime(t *testing.T) {
	dial := FindProfile(Profiles(), "dial-v22")
	if got := carrying(150, dial.Up); got != time.Second {
		t.Errorf("150 octets take %v at %v bit/s, want 1s", got, dial.Up)
	}
	if got := carrying(250, 0); got != 0 {
		t.Errorf("octets take %v where the bandwidth is not bounded", got)
	}
}

// A stall is as long as the first retransmission of TCP waits.
func TestStall(t *testing.T) {
	for name, want := range map[string]time.Duration{"4g": time.Second, "nb-iot": 8 * time.Second} {
		if got := FindProfile(Profiles(), name).stall(); got != want {
			t.Errorf("%s: a stall of %v, want %v", name, got, want)
		}
	}
}

// The table of docs/lines.md is that of the file.
func TestEightProfiles(t *testing.T) {
	if got, want := ProfileNames(Profiles()), "broadband, wifi, 4g, 3g, gprs, nb-iot, dial-v22, dial-v34"; got != want {
		t.Errorf("profiles %s, want %s", got, want)
	}
	if p := FindProfile(Profiles(), "gprs"); p.Lost != 0.02 || p.Up != 20_000 || p.Down != 50_000 || p.Breaks != 0.008 || p.HangsUp {
		t.Errorf("gprs is %+v", p)
	}
	if p := FindProfile(Profiles(), "dial-v22"); !p.HangsUp || p.Up != 1200 {
		t.Errorf("dial-v22 is %+v", p)
	}
}

// What is wrong with a profile is told with its line and mend.
func TestWrongProfiles(t *testing.T) {
	for text, want := range map[string]string{
		"x: {p50: 1s}":                         "x: key p95 is missing",
		"x: {p50: 2s, p95: 1s}":                "p95 1s is less than p50 2s",
		"x: {p50: 0s, p95: 1s}":                "give p50 too",
		"x: {p50: 1s, p95: 1s, lost: 101}":     "percent of the messages, from 0 to 100",
		"x: {p50: 1s, p95: 1s, breaks: -1}":    "exchanges of 1,000",
		"x: {p50: 1s, p95: 1s, up: 1e3}":       "kilobits a second",
		"x: {p50: 1s, p95: 1s, jitter: 1s}":    "unknown key",
		"kinds: {p50: 1s, p95: 1s}":            "is no name of a line profile",
		"Slow: {p50: 1s, p95: 1s}":             "is no name of a line profile",
		"x: {p50: 1s, p95: 1s, connect: 10m}":  "connect",
		"x: {p50: 1s, p95: 1s, hangs-up: yes}": "hangs-up",
	} {
		r := &strict.Reader{File: "lines.yaml"}
		root, ok := r.Document([]byte(text))
		if !ok {
			t.Fatal(r.Err())
		}
		ReadProfiles(r, root, nil)
		if err := r.Err(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "lines.yaml:1") {
			t.Errorf("%s: %v, want %q of line 1", text, err, want)
		}
	}
}

// A profile of one's own takes the place of one that comes with posfleet.
func TestOwnProfileWins(t *testing.T) {
	r := &strict.Reader{File: "lines.yaml"}
	root, _ := r.Document([]byte("4g: {p50: 10ms, p95: 20ms}\nhut: {p50: 1s, p95: 2s}"))
	all := ReadProfiles(r, root, Profiles())
	if r.Err() != nil || len(all) != len(Profiles())+1 || FindProfile(all, "4g").P50 != 10*time.Millisecond || FindProfile(Profiles(), "4g").P50 != 70*time.Millisecond {
		t.Errorf("%v: %s", r.Err(), ProfileNames(all))
	}
}
