package signature

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/allocs"
)

// good is a signature of two strokes that everything takes.
func good() Signature {
	return Signature{{{100, 200, 0, 300}, {110, 190, 10, 310}}, {{300, 200, 250, 300}}}
}

func TestBoundsOfASignature(t *testing.T) {
	if err := good().Check(); err != nil {
		t.Fatal(err)
	}
	long := make(Stroke, MaxPoints+1)
	for i := range long {
		long[i] = Point{1, 1, uint16(i), 1}
	}
	for want, s := range map[string]Signature{
		"0 strokes":                               nil,
		"101 strokes":                             make(Signature, MaxStrokes+1),
		"stroke 2 has no points":                  {{{1, 1, 0, 1}}, {}},
		"more than 4096 points":                   {long},
		"stroke 1, point 1: (20001, 1)":           {{{20001, 1, 0, 1}}},
		"stroke 1, point 1: (1, 20001)":           {{{1, 20001, 0, 1}}},
		"point 2: time 20001 ms, want at most":    {{{1, 1, 0, 1}, {1, 1, 20001, 1}}},
		"stroke 2, point 1: time 5 ms after 5 ms": {{{1, 1, 5, 1}}, {{1, 1, 5, 1}}},
		"pressure 0":                              {{{1, 1, 0, 0}}},
		"pressure 1024":                           {{{1, 1, 0, 1024}}},
	} {
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}

func TestJSONComesBack(t *testing.T) {
	b, err := json.Marshal(good())
	if got, want := string(b), "[[[100,200,0,300],[110,190,10,310]],[[300,200,250,300]]]"; got != want || err != nil {
		t.Fatalf("%s, %v, want %s", got, err, want)
	}
	got, err := Read(strings.NewReader(string(b)))
	if err != nil || !reflect.DeepEqual(got, good()) {
		t.Errorf("%v, %v", got, err)
	}
	var within struct{ Signature Signature }
	if err := json.Unmarshal([]byte(`{"signature": `+string(b)+`}`), &within); err != nil || !reflect.DeepEqual(within.Signature, good()) {
		t.Errorf("as a field: %v, %v", within, err)
	}
}

func TestJSONThatIsNoSignature(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "unexpected end",
		"[]":                     "0 strokes",
		"[[]]":                   "stroke 1 has no points",
		"[[[]]]":                 "0 numbers",
		"[[[1,2,3]]]":            "3 numbers",
		"[[[1,2,3,4,5]]]":        "5 numbers",
		"[[[1,2,3,70000]]]":      "cannot unmarshal number 70000",
		"[[[1,2,3,4]]] []":       "after top-level value",
		"[[[1,2,3,4]]":           "unexpected end",
		"[[[01,2,3,4]]]":         "invalid character",
		"null":                   `octet 0 is 'n'`,
		"[[[1,2,null,4]]]":       `octet 7 is 'n'`,
		"[[[1,2.5,3,4]]]":        `octet 6 is '.'`,
		"[[[-1,2,3,4]]]":         `octet 3 is '-'`,
		`{"strokes":[]}`:         `octet 0 is '{'`,
		strings.Repeat(" ", 2e5): "more than 131072 octets",
	} {
		if _, err := Read(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want an error with %q", in, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	short := Signature{Generate(1, Genuine, 1)[0][:40]} // a long one takes the fuzzer minutes to make smaller
	for _, s := range []Signature{good(), short} {
		b, err := json.Marshal(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add("[[[1,2,3]],null]")
	w := enrolled(f, 1)
	f.Fuzz(func(t *testing.T, in string) {
		if n := allocs.Above(4*uint64(len(in))+64<<10, func() { Read(strings.NewReader(in)) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(in), n)
		}
		s, err := Read(strings.NewReader(in))
		if err != nil {
			return
		}
		if err := s.Check(); err != nil {
			t.Fatalf("read, but %v", err)
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Read(strings.NewReader(string(b))); err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("does not come back: %v", err)
		}
		if got := w.Verify(s); got.Reason == Malformed || got.Score != got.Score {
			t.Fatalf("%+v", got)
		}
		Image(s, ImageWidth, ImageHeight)
		Image(s, 1, 1)
	})
}
