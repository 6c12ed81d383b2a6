package strict

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// shop is what the tests read.
type shop struct {
	name    string
	open    bool
	tries   int
	rank    int64
	timeout time.Duration
	code    string
	pin     []byte
	tills   []string
}

func read(file, text string) (shop, *Reader) {
	var s shop
	r := &Reader{File: file, Empty: "begin with a name", Large: "split it"}
	if root, ok := r.Document([]byte(text)); ok {
		found := r.Map(root, Table{
			"name":    r.Text(&s.name),
			"open":    r.Bool(&s.open),
			"tries":   Int(r, &s.tries, 1, 99),
			"rank":    Int(r, &s.rank, -5, 5),
			"timeout": r.Duration(&s.timeout, time.Millisecond, 10*time.Minute),
			"code":    r.Match(&s.code, regexp.MustCompile(`^\d\d$`), "two digits"),
			"pin":     Secret(r, &s.pin, regexp.MustCompile(`^\d{4,12}$`), "4 to 12 digits"),
			"tills": func(v Value) {
				r.List(v, func(v Value) {
					var name string
					found := r.Map(v, Table{"name": r.Text(&name)})
					r.Need(v, found, "name")
					s.tills = append(s.tills, name)
				})
			},
		})
		r.Need(root, found, "name")
	}
	return s, r
}

const good = `name: corner   # 1
open: true
tries: 3
rank: -2
timeout: 30s
code: "05"
pin: "0012"    # 7
tills:
  - {name: left}
  - name: 0000
`

func TestValuesComeAsWritten(t *testing.T) {
	s, r := read("shop.yaml", good)
	if err := r.Err(); err != nil || !r.OK() {
		t.Fatalf("OK is %v: %v", r.OK(), err)
	}
	want := shop{"corner", true, 3, -2, 30 * time.Second, "05", []byte("0012"), []string{"left", "0000"}}
	if got := fmt.Sprint(s); got != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Each row spoils one thing and must be told where it is and how to mend it.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", "open:", "opened:", `shop.yaml:2: unknown key "opened"; known here: code, name, open, pin, rank, tills, timeout, tries`},
		{"unknown key below", "- name:", "- nmae:", `shop.yaml:10: tills[2]: unknown key "nmae"; known here: name`},
		{"key that is a list", "open:", "[open]:", `shop.yaml:2: unknown key ""; known here: `},
		{"merge key", "open: true", "<<: {open: true}", `shop.yaml:2: unknown key "<<"; known here: `},
		{"key twice", "open: true", "name: other", `shop.yaml:2: key name stands twice, first on line 1; keep one`},
		{"key missing", "- name: 0000", "- {}", `shop.yaml:10: tills[2]: key name is missing; add it`},
		{"no value", "open: true", "open:", `shop.yaml:2: open: has no value; give one or leave the key away`},
		{"null", "open: true", "open: ~", `shop.yaml:2: open: has no value; give one or leave the key away`},
		{"list for a value", "open: true", "open: [true]", `shop.yaml:2: open: want a single value`},
		{"value for keys", "- name: 0000", "- right", `shop.yaml:10: tills[2]: want keys and values: name`},
		{"keys for a list", "tills:", "tills: {}\nxtills:", `shop.yaml:8: tills: want a list: lines that begin with -`},
		{"true or false", "open: true", "open: yes", `shop.yaml:2: open: "yes", want true or false`},
		{"fraction", "tries: 3", "tries: 3.0", `shop.yaml:3: tries: "3.0", want a whole number from 1 to 99`},
		{"underscore", "tries: 3", "tries: 1_0", `shop.yaml:3: tries: "1_0", want a whole number from 1 to 99`},
		{"too small", "tries: 3", "tries: 0", `shop.yaml:3: tries: "0", want a whole number from 1 to 99`},
		{"too large", "rank: -2", "rank: 99999999999999999999", `shop.yaml:4: rank: "…9999", want a whole number from -5 to 5`},
		{"time without unit", "30s", "30", `shop.yaml:5: timeout: "30" has no unit; write it as in 60s or 500ms`},
		{"no time", "30s", "soon", `shop.yaml:5: timeout: "soon", want a time with its unit as in 60s or 500ms`},
		{"time too long", "30s", "30h", `shop.yaml:5: timeout: "30h", want from 1ms to 10m0s`},
		{"shape", `"05"`, `"5"`, `shop.yaml:6: code: "5", want two digits`},
		{"long value", `"05"`, strings.Repeat("x", 50), `shop.yaml:6: code: "` + strings.Repeat("x", 40) + `…", want two digits`},
		{"secret", `"0012"`, `"12"`, `shop.yaml:7: pin: a value of 2 characters, want 4 to 12 digits`},
		{"control character", "corner ", `"a\x1B[31m" `, `shop.yaml:1: name: holds a control character`},
		{"C1 control character", "corner ", `"a\x85" `, `shop.yaml:1: name: holds a control character`},
		{"direction of writing", "corner ", `"a\u202Eb" `, `shop.yaml:1: name: holds a character that is not seen and changes how others are shown`},
		{"not YAML", "open: true", "open: [true", `shop.yaml:1: not YAML: did not find expected ',' or ']'`},
		{"anchor", "open: true", "open: &o true", `shop.yaml:2: anchors and aliases are not read; write the value out`},
		{"bomb", "open: true", "open: &a [&b [x, x], *b, *b]", `shop.yaml:2: anchors and aliases are not read; write the value out`},
		{"tag", "open: true", "open: !!bool true", `shop.yaml:2: tags are not read; leave the !… away`},
		{"two documents", "open: true", "---\nopen: true", `shop.yaml:2: file holds more than one document; keep one`},
		{"full-width colons after it", "open: true", "---\nopen： true\nshut: [", `full-width colon ： after open; write open: and a blank`},
		{"deep nesting", "open: true", "open: [[[[[[[[[[true]]]]]]]]]]", `shop.yaml:2: nested more than 8 deep`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(good, c.old) {
				t.Fatalf("the file has no %q to spoil", c.old)
			}
			_, r := read("shop.yaml", strings.Replace(good, c.old, c.new, 1))
			if err := r.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is\n%v\nwant in it\n%s", err, c.want)
			}
		})
	}
}

func TestWholeFileIsRefused(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "shop.yaml:1: file is empty; begin with a name"},
		{"comments only", "# nothing\n", "shop.yaml:1: file is empty; begin with a name"},
		{"too long", strings.Repeat("#\n", MaxFile), "shop.yaml:1: file is longer than 1048576 octets; split it"},
		{"a value", "42", "shop.yaml:1: want keys and values: code, "},
		{"a list", "- a", "shop.yaml:1: want keys and values: code, "},
	} {
		if _, r := read("shop.yaml", c.text); r.OK() || r.Err().Error()[:len(c.want)] != c.want {
			t.Errorf("%s: error is %v, want %s", c.name, r.Err(), c.want)
		}
	}
	r := &Reader{File: "shop.yaml"}
	if _, ok := r.Document(nil); ok || r.Err().Error() != "shop.yaml:1: file is empty" {
		t.Errorf("without a mend: %v", r.Err())
	}
}

func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	_, r := read("shop.yaml", strings.NewReplacer("true", "maybe", "30s", "30").Replace(good))
	if text := r.Err().Error(); !strings.Contains(text, "shop.yaml:2: ") || !strings.Contains(text, "shop.yaml:5: ") {
		t.Errorf("lines 2 and 5 are wrong, told is\n%s", text)
	}
	_, r = read("shop.yaml", good+strings.Repeat("bad: x\n", 500))
	lines := strings.Split(r.Err().Error(), "\n")
	if last := lines[len(lines)-1]; len(lines) != maxErrors+1 || last != "shop.yaml: more is wrong; mend these first" {
		t.Errorf("%d lines, want %d; the last is %s", len(lines), maxErrors+1, last)
	}
	_, in := read("list.yaml", "")
	_, r = read("shop.yaml", good)
	if r.Add(in); r.OK() || r.Err().Error() != in.Err().Error() {
		t.Errorf("what is wrong with a file that this one names is told as %v", r.Err())
	}
}

func TestKeptValuesAreReadLater(t *testing.T) {
	var a, b Value
	r := &Reader{File: "shop.yaml"}
	root, _ := r.Document([]byte("a: [x]"))
	r.Map(root, Table{"a": Keep(&a), "b": Keep(&b)})
	if !a.Given() || !a.IsList() || a.IsMap() || a.Path() != "a" || b.Given() {
		t.Errorf("a is %+v, b is %+v", a, b)
	}
}

// Whatever stands in a file, no error quotes a long run of digits: it may be a
// card number or a key.
func FuzzErrorsQuoteNoSecret(f *testing.F) {
	const secret = "6225881234567890"
	f.Add(good)
	f.Add("name: " + secret)
	f.Add("code: " + secret + "\nopen: " + secret + "\ntries: " + secret + "\ntimeout: " + secret)
	f.Add("pin: " + secret + "\n" + secret + ": x")
	f.Add("tills: [{" + secret + ": x}]")
	f.Add("a: &a [*a]")
	f.Add("a: *" + secret)
	f.Fuzz(func(t *testing.T, text string) {
		_, r := read("shop.yaml", text)
		if r.OK() {
			return
		}
		if n := strings.Count(r.Err().Error(), "\n"); n > maxErrors {
			t.Errorf("%d lines of errors", n+1)
		}
		if strings.Contains(r.Err().Error(), secret) {
			t.Errorf("an error shows what may be secret: %v", r.Err())
		}
	})
}

func TestYuanBecomeFen(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64
		err  string
	}{
		{"0", 0, ""},
		{"10000", 1_000_000, ""},
		{"0.05", 5, ""},
		{"12.30", 1230, ""},
		{"12.3", 0, `f:1: a: "12.3", want yuan and fen as in 10000.00`},
		{"-1", 0, "want yuan and fen"},
		{"1e3", 0, "want yuan and fen"},
		{"99999999999999", 0, "want at most 10000.00"},
		{"10000.01", 0, `f:1: a: "10000.01", want at most 10000.00`},
	} {
		var got int64
		r := &Reader{File: "f"}
		if root, ok := r.Document([]byte("a: " + c.text)); ok {
			r.Map(root, Table{"a": r.Yuan(&got, 1_000_000)})
		}
		switch err := r.Err(); {
		case c.err == "" && (err != nil || got != c.want):
			t.Errorf("%s: %d, %v, want %d", c.text, got, err, c.want)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: %v, want %s", c.text, err, c.err)
		}
	}
}
