package negative

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// against makes a check of a bundled host that serves until the test ends.
func against(t testing.TB, d *dialect.Dialect, options ...host.Option) *Check {
	t.Helper()
	p, err := profile.BundledIn(d, 4)
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(p, options...)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { h.Serve(ctx, l) })
	t.Cleanup(func() {
		stop()
		wg.Wait()
		if n := h.Counts().Panics; n > 0 {
			t.Errorf("%d panics", n)
		}
	})
	q := *p
	return &Check{Profile: &q, Dialer: &line.Dialer{Address: l.Addr().String(), Timeout: 5 * time.Second}, Seed: 1, Patience: 2 * time.Millisecond,
		Books: func(context.Context) (audit.Books, error) {
			b := audit.Books{Net: map[string]int64{}, Broken: h.Check()}
			for _, of := range h.Books() {
				b.Net[of.TID] = of.Net()
			}
			return b, nil
		}}
}

// sparing leaves most dialects out of the run under the race detector.
func sparing(t *testing.T, name string) {
	if testing.Short() && name != "cup" && name != "iso93" {
		t.Skip("the races to find are those of cup and iso93")
	}
}

// A bundled host meets everything that is malformed as its dialect says, and a payment
// passes beside each.
func TestBundledHostHolds(t *testing.T) {
	all := dialect.Dialects()
	for name, text := range map[string]string{ // what no built-in dialect has
		"derived keys": "extends: iso87\nsign-in: none\nkeys: {dukpt: aes128}\nmac: cmac\nfields: {53: {is: b 12, name: key serial number}}\nelements: {security-control: none, key-serial: 53}\n" +
			"transactions: {reversal: {carries: [2, 3, 4, 7, 11, 14, 22, 23, 25, 38, 39, 41, 42, 49, 53, 60]}}\n",
		"check octet": "extends: cup\nframing: {before: \"02\", trailer: \"03\", lrc: true, length: packed2}\n",
		"http":        "extends: cup\nframing: {http: {path: /pos}}\n",
		"no mac":      "extends: iso87\nmac: none\n",
	} {
		d, err := dialect.Parse("x.yaml", []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = d
	}
	for name, d := range all {
		t.Run(name, func(t *testing.T) {
			sparing(t, name)
			c := against(t, d)
			found, err := c.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for v := range found.All() {
				if v.Outcome != verdicts.Passed {
					t.Errorf("%s (%s): %s: %v\n%s", v.ID, v.Name, v.Outcome, v.Reason, v.Exchange)
				}
			}
			t.Logf("%d passed in %v", found.Count(verdicts.Passed), found.Took)
		})
	}
}

// The judge is judged: hosts that are wrong in their ways are caught, by cases of the
// kinds that they are wrong about, and by none else.
func TestWrongHostIsCaught(t *testing.T) {
	for _, of := range []struct {
		misbehaviour string
		caught       []string // names of cases that must fail
		sound        []string // that must pass
		away         bool     // and then nothing can be told
	}{
		{"malformed-approved", []string{"field-4-first-character", "end-1-more", "bitmap-all"}, []string{"frame-http", "mac-zero", "field-4-zero"}, false},
		{"malformed-hangs", []string{"field-4-first-character", "bitmap-all", "end-1-more"}, nil, true},
		{"malformed-crashes", []string{"field-4-first-character", "bitmap-all", "end-1-more"}, nil, true},
		{"any-mac", []string{"mac-zero", "mac-first-octet", "mac-missing"}, []string{"field-4-first-character", "field-4-zero"}, false},
		{"rest-accepted", []string{"end-1-more"}, []string{"field-4-first-character", "mac-zero"}, false},
		{"approve-all", []string{"field-4-zero"}, []string{"field-4-first-character", "mac-zero"}, false},
	} {
		t.Run(of.misbehaviour, func(t *testing.T) {
			t.Parallel()
			c := against(t, dialect.CUP(), host.WithMisbehaviour(of.misbehaviour))
			if of.away { // what is never answered is waited for
				c.Profile.Policy.Timeout, c.Profile.Policy.ReversalTries = time.Second, 1
			}
			c.Names = append(of.caught, of.sound...)
			found, err := c.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]verdicts.Outcome{}
			for _, name := range of.caught {
				want[name] = verdicts.Failed
			}
			for _, name := range of.sound {
				want[name] = verdicts.Passed
			}
			for v := range found.All() {
				if w, told := want[v.ID]; told && v.Outcome != w && !of.away { // a host may take a moment to fall
					t.Errorf("%s: %s: %v; want %s", v.ID, v.Outcome, v.Reason, w)
				}
				delete(want, v.ID)
			}
			if len(want) > 0 {
				t.Errorf("not played: %v", want)
			}
			if of.away && found.Count(verdicts.Failed) != 1 {
				t.Errorf("%d failed, want the one after which the host is away", found.Count(verdicts.Failed))
			}
			if (found.Away != "") != of.away {
				t.Errorf("the host is told to be away: %q", found.Away)
			}
		})
	}
}

func TestBooksOfABookingHostFail(t *testing.T) {
	c := against(t, dialect.CUP())
	c.Names = []string{"field-4-zero"}
	books := c.Books
	c.Books = func(ctx context.Context) (audit.Books, error) {
		b, err := books(ctx)
		for tid := range b.Net {
			b.Net[tid] += amount // what a host booked that took something malformed, and did not say so
		}
		return b, err
	}
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for v := range found.All() {
		if v.ID == "books" && v.Outcome != verdicts.Failed {
			t.Errorf("books: %s, %v", v.Outcome, v.Reason)
		}
	}
	c = against(t, dialect.CUP())
	c.Books, c.Names = nil, []string{"field-4-zero"} // by its settlement
	if found, err = c.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for v := range found.All() {
		if v.Outcome == verdicts.Failed {
			t.Errorf("%s: %v", v.ID, v.Reason)
		}
		if v.ID == "books" {
			t.Logf("by settlement: %s, %v", v.Outcome, v.Reason)
		}
	}
}

func TestCasesAreThoseThatArePlayed(t *testing.T) {
	c := against(t, dialect.CUP())
	listed, err := (&Check{Profile: c.Profile, Dialer: c.Dialer, Seed: 1}).Cases()
	if err != nil {
		t.Fatal(err)
	}
	c.StopEarly = true
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for v := range found.All() {
		if n < len(listed) && listed[n].Name != v.ID {
			t.Fatalf("%d: %s is listed, %s is played", n, listed[n].Name, v.ID)
		}
		n++
	}
	if n != len(listed)+1 {
		t.Errorf("%d are listed, %d played", len(listed), n-1)
	}
	c.Names = []string{"no-such"}
	if _, err := c.Cases(); err == nil {
		t.Error("a name that nothing has is taken")
	}
}

// Nothing is told of a host with which no payment passes to begin with.
func TestNothingIsToldWithoutAPayment(t *testing.T) {
	c := against(t, dialect.CUP(), host.WithMisbehaviour("wrong-mac"))
	found, err := c.Run(context.Background())
	if err == nil || found.Count(verdicts.Passed)+found.Count(verdicts.Failed) > 0 {
		t.Errorf("%d passed, %d failed, %v", found.Count(verdicts.Passed), found.Count(verdicts.Failed), err)
	}
}

// A response code that is none is no decline of what was malformed.
func TestSpoiltCodeIsNoRefusal(t *testing.T) {
	for code, spoilt := range map[string]bool{"30": false, "3\x00": true, "\x003": true, "3 ": true} {
		m := dialect.CUP().NewMessage()
		m.SetString(wire.ResponseCode, code)
		r := reaction{answered: true, code: dialect.CodeOf(code), message: m}
		if r.spoilt() != spoilt || strings.Contains(r.String(), "no response code") != spoilt {
			t.Errorf("%q: %v, %s", code, r.spoilt(), r.String())
		}
	}
}
