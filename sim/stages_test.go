package sim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim"
)

func stages(t *testing.T, texts ...string) sim.Pacer {
	t.Helper()
	var all []sim.Stage
	for _, text := range texts {
		s, err := sim.ParseStage(text)
		if err != nil {
			t.Fatal(err)
		}
		if s.String() != text {
			t.Errorf("%q is told as %q", text, s)
		}
		all = append(all, s)
	}
	return sim.Stages(all)
}

func between(dues []time.Duration, from, to time.Duration) (n int) {
	for _, d := range dues {
		if d >= from && d < to {
			n++
		}
	}
	return n
}

func TestStagesFollowEachOther(t *testing.T) {
	dues := upTo(t, stages(t, "2s:100/s", "2s:10/s-30/s", "1s:500/s"), time.Hour)
	for _, c := range []struct {
		from, to time.Duration
		want     int
	}{{0, 2 * time.Second, 200}, {2 * time.Second, 4 * time.Second, 40}, {4 * time.Second, 5 * time.Second, 500}, {5 * time.Second, time.Hour, 0}} {
		if got := between(dues, c.from, c.to); got != c.want {
			t.Errorf("%d arrivals between %v and %v, want %d", got, c.from, c.to, c.want)
		}
	}
	for _, text := range []string{"", "2m", "2m:", ":500/s", "0s:500/s", "-1s:5/s", "2m:500", "2m:5/s-", "x:5/s", "2m:5/s-x"} {
		if _, err := sim.ParseStage(text); err == nil || !strings.Contains(err.Error(), `"`+text+`"`) {
			t.Errorf("stage %q: %v", text, err)
		}
	}
}

func TestBurstsComeOnTop(t *testing.T) {
	dues := upTo(t, sim.Bursts(sim.Constant(rate(t, "10/s")), 50, 2*time.Second), 5*time.Second)
	if len(dues) != 150 || between(dues, 2*time.Second, 2*time.Second+1) != 51 || between(dues, 4*time.Second, 4*time.Second+1) != 51 || between(dues, 0, time.Second) != 10 {
		t.Errorf("%d arrivals, %v", len(dues), dues)
	}
}

func TestArrivalsOfARealDay(t *testing.T) {
	read := func(text string, seed uint64, speed float64) ([]time.Duration, time.Duration) {
		t.Helper()
		times, end, err := sim.ReadArrivals(strings.NewReader(text), seed, speed)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		return times, end
	}
	times, end := read("# till 3\n09:31:05.250\n09:31:06\n\n09:32:00.5\r\n", 0, 1)
	if want := []time.Duration{0, 750 * time.Millisecond, 55250 * time.Millisecond}; !slices.Equal(times, want) || end != want[2]+1 {
		t.Errorf("times of day: %v up to %v", times, end)
	}
	times, _ = read("2026-01-31T23:59:59Z\n2026-02-01T00:00:01.5Z", 0, 1)
	if times[1] != 2500*time.Millisecond {
		t.Errorf("over midnight: %v", times)
	}
	times, end = read("09:31 4\n09:32,0\n09:34\t2", 0, 60)
	if want := []time.Duration{0, time.Second / 4, time.Second / 2, 3 * time.Second / 4, 3 * time.Second, 3500 * time.Millisecond}; !slices.Equal(times, want) || end != 4*time.Second {
		t.Errorf("minutes, sixty times as fast: %v up to %v", times, end)
	}
	a, _ := read("0 1000", 7, 1)
	b, _ := read("0 1000", 7, 1)
	c, _ := read("0 1000", 8, 1)
	if !slices.Equal(a, b) || slices.Equal(a, c) || !slices.IsSorted(a) {
		t.Error("the same seed gives other arrivals, or another the same")
	}
	if got := upTo(t, sim.At(a), time.Hour); !slices.Equal(got, a) {
		t.Error("arrivals at given times are others")
	}
	for text, want := range map[string]string{
		"":                          "no arrival in it",
		"# nothing\n":               "no arrival in it",
		"09:31:05\nsoon":            `line 2: "soon"`,
		"09:31\n09:30":              "line 2: \"09:30\": it is before the line above",
		"09:31 5\n09:32":            "line 2: \"09:32\": some lines are times",
		"09:31 -5":                  "no count of arrivals",
		"09:31 5 6":                 "want the time of an arrival, or a minute and a count",
		"1 99999999":                "no count of arrivals",
		"1 2\n2 2":                  "less than a minute after the line above",
		" , ":                       "want the time of an arrival",
		"1e99":                      "no time",
		"NaN":                       "no time",
		"09:31:05,6225001234567779": "line 1: \"09:31:05,…7779\": \"…7779\" is no count of arrivals",
		strings.Repeat("9", 10_000): "line 1: ",
	} {
		if _, _, err := sim.ReadArrivals(strings.NewReader(text), 0, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: want %q, have %v", text, want, err)
		}
	}
}

func FuzzReadArrivals(f *testing.F) {
	f.Add("09:31 5\n09:32,7", uint64(0))
	f.Add("12.5\n13", uint64(1))
	f.Add("5\n13333333", uint64(0))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		if strings.Count(text, "") > 200 {
			t.Skip()
		}
		times, end, err := sim.ReadArrivals(strings.NewReader(text), seed, 1)
		if err == nil && (!slices.IsSorted(times) || times[0] < 0 || times[len(times)-1] >= end) {
			t.Errorf("%v up to %v", times, end)
		}
	})
}
