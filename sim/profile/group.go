package profile

import (
	"bytes"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
)

// maxKeyFile is the longest file of one key, in octets.
const maxKeyFile = 4 << 10

var (
	tidShape  = regexp.MustCompile(`^[0-9A-Za-z]{8}$`)
	midShape  = regexp.MustCompile(`^[0-9A-Za-z]{15}$`)
	kindShape = regexp.MustCompile(`^(counter|mobile|qr)$`)
	testShape = regexp.MustCompile(`^test:([0-9A-Fa-f]{2})+$`)
)

// The words for these shapes.
const (
	tidWords  = "8 letters or digits"
	midWords  = "15 letters or digits: acquirer 3, city 4, category 4, number 4"
	kindWords = "counter, mobile or qr"
)

// group is one entry of terminals: one terminal, a range of them or a list in
// a file.
type group struct {
	strict.Value
	tid, first, list string
	count            int
	merchant         string
	merchants        []string
	kind             string
	kinds            [3]int // of so many in a row: counter, mobile, qr
	master           []byte // of all of them
	seed             []byte // from which each gets its own
	found            map[string]int
	lines            []listLine // of the list
}

// group reads an entry of terminals.
func (r reader) group(v strict.Value, dir folder) group {
	g := group{Value: v, count: 1, kind: string(Counter)}
	share := func(to *int) func(strict.Value) { return strict.Int(r.Reader, to, 0, 1000) }
	g.found = r.Map(v, strict.Table{
		"tid":      r.Match(&g.tid, tidShape, tidWords),
		"merchant": r.Match(&g.merchant, midShape, midWords),
		"kind":     r.Match(&g.kind, kindShape, kindWords),
		"first":    r.Match(&g.first, regexp.MustCompile(`^\d{8}$`), "8 digits, which the range counts up from"),
		"count":    strict.Int(r.Reader, &g.count, 1, maxTerminals),
		"merchants": func(v strict.Value) {
			r.List(v, func(v strict.Value) {
				var mid string
				r.Match(&mid, midShape, midWords)(v)
				g.merchants = append(g.merchants, mid)
			})
		},
		"kinds": func(v strict.Value) {
			r.Map(v, strict.Table{"counter": share(&g.kinds[0]), "mobile": share(&g.kinds[1]), "qr": share(&g.kinds[2])})
			if r.OK() && g.kinds == [3]int{} {
				r.Fail(v, "all are 0; say how many of each come in a row, as in {counter: 17, mobile: 2, qr: 1}")
			}
		},
		"master": func(v strict.Value) { g.master = r.marked(v, 16, 16) },
		"derive": func(v strict.Value) { g.seed = r.marked(v, 8, 64) },
		"file":   func(v strict.Value) { g.master = r.keyFile(v, dir) },
		"list":   r.Text(&g.list),
	})
	r.groupKeys(&g)
	return g
}

// groupKeys checks that an entry is of one sort and has one source of keys.
func (r reader) groupKeys(g *group) {
	var sort string
	for _, k := range []string{"tid", "first", "list"} {
		if g.found[k] != 0 {
			if sort != "" {
				r.Fail(g.Value, "has both %s and %s; make two entries of it", sort, k)
			}
			sort = k
		}
	}
	source := 0
	for _, k := range []string{"master", "derive", "file"} {
		if g.found[k] != 0 {
			source++
		}
	}
	allowed := map[string]string{
		"tid":   " tid merchant kind master derive file ",
		"first": " first count merchants kinds kind master derive file ",
		"list":  " list ",
	}[sort]
	switch {
	case !g.IsMap(): // told already
	case sort == "":
		r.Fail(g.Value, "want tid for one terminal, first and count for a range, or list for a file of them")
	default:
		for _, k := range slices.Sorted(maps.Keys(g.found)) {
			if !strings.Contains(allowed, " "+k+" ") {
				r.FailAt(g.found[k], g.Path(), "%s does not go with %s; here go:%s", k, sort, strings.TrimRight(allowed, " "))
			}
		}
		if sort != "list" && source != 1 {
			r.Fail(g.Value, "has %d sources of the master key; give one: master: test:<hex>, derive: test:<hex> or file: <path>", source)
		}
	}
}

// marked reads octets in hexadecimal that say of themselves to be for tests.
func (r reader) marked(v strict.Value, least, most int) []byte {
	s, ok := r.Scalar(v)
	if !ok {
		return nil
	}
	if !testShape.MatchString(s) {
		r.Fail(v, "want test: and hexadecimal digits; a key that is not for tests only goes into a file, read by file: <path>")
		return nil
	}
	key, err := hex.DecodeString(s[len("test:"):])
	if err != nil || len(key) < least || len(key) > most {
		if least == most {
			r.Fail(v, "%d octets, want %d", len(key), least)
		} else {
			r.Fail(v, "%d octets, want %d to %d", len(key), least, most)
		}
		return nil
	}
	return key
}

// keyFile reads a master key from a file of its own.
func (r reader) keyFile(v strict.Value, dir folder) []byte {
	path, ok := r.Scalar(v)
	if !ok {
		return nil
	}
	data, err := dir.read(path, true, maxKeyFile)
	if err != nil {
		r.Fail(v, "%w", err)
		return nil
	}
	defer clear(data)
	data = bytes.TrimSpace(data)
	key := make([]byte, hex.DecodedLen(len(data)))
	if n, err := hex.Decode(key, data); err != nil || n != 16 {
		r.Fail(v, "file %s holds no key, want 32 hexadecimal digits", path)
		return nil
	}
	return key
}
