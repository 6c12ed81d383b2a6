package profile

import (
	"bytes"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
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
	value
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
func (r *reader) group(v value, dir folder) group {
	g := group{value: v, count: 1, kind: string(Counter)}
	share := func(to *int) func(value) { return number(r, to, 0, 1000) }
	g.found = r.mapping(v, table{
		"tid":      r.match(&g.tid, tidShape, tidWords),
		"merchant": r.match(&g.merchant, midShape, midWords),
		"kind":     r.match(&g.kind, kindShape, kindWords),
		"first":    r.match(&g.first, regexp.MustCompile(`^\d{8}$`), "8 digits, which the range counts up from"),
		"count":    number(r, &g.count, 1, maxTerminals),
		"merchants": func(v value) {
			r.list(v, func(v value) {
				var mid string
				r.match(&mid, midShape, midWords)(v)
				g.merchants = append(g.merchants, mid)
			})
		},
		"kinds": func(v value) {
			r.mapping(v, table{"counter": share(&g.kinds[0]), "mobile": share(&g.kinds[1]), "qr": share(&g.kinds[2])})
			if len(r.errs) == 0 && g.kinds == [3]int{} {
				r.fail(v, "all are 0; say how many of each come in a row, as in {counter: 17, mobile: 2, qr: 1}")
			}
		},
		"master": func(v value) { g.master = r.marked(v, 16, 16) },
		"derive": func(v value) { g.seed = r.marked(v, 8, 64) },
		"file":   func(v value) { g.master = r.keyFile(v, dir) },
		"list":   r.text(&g.list),
	})
	r.groupKeys(&g)
	return g
}

// groupKeys checks that an entry is of one sort and has one source of keys.
func (r *reader) groupKeys(g *group) {
	var sort string
	for _, k := range []string{"tid", "first", "list"} {
		if g.found[k] != 0 {
			if sort != "" {
				r.fail(g.value, "has both %s and %s; make two entries of it", sort, k)
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
	case g.Kind != yaml.MappingNode: // told already
	case sort == "":
		r.fail(g.value, "want tid for one terminal, first and count for a range, or list for a file of them")
	default:
		for _, k := range slices.Sorted(maps.Keys(g.found)) {
			if !strings.Contains(allowed, " "+k+" ") {
				r.at(g.found[k], g.path, "%s does not go with %s; here go:%s", k, sort, strings.TrimRight(allowed, " "))
			}
		}
		if sort != "list" && source != 1 {
			r.fail(g.value, "has %d sources of the master key; give one: master: test:<hex>, derive: test:<hex> or file: <path>", source)
		}
	}
}

// marked reads octets in hexadecimal that say of themselves to be for tests.
func (r *reader) marked(v value, least, most int) []byte {
	s, ok := r.scalar(v)
	if !ok {
		return nil
	}
	if !testShape.MatchString(s) {
		r.fail(v, "want test: and hexadecimal digits; a key that is not for tests only goes into a file, read by file: <path>")
		return nil
	}
	key, err := hex.DecodeString(s[len("test:"):])
	if err != nil || len(key) < least || len(key) > most {
		if least == most {
			r.fail(v, "%d octets, want %d", len(key), least)
		} else {
			r.fail(v, "%d octets, want %d to %d", len(key), least, most)
		}
		return nil
	}
	return key
}

// keyFile reads a master key from a file of its own.
func (r *reader) keyFile(v value, dir folder) []byte {
	path, ok := r.scalar(v)
	if !ok {
		return nil
	}
	data, err := dir.read(path, true, maxKeyFile)
	if err != nil {
		r.fail(v, "%w", err)
		return nil
	}
	defer clear(data)
	data = bytes.TrimSpace(data)
	key := make([]byte, hex.DecodedLen(len(data)))
	if n, err := hex.Decode(key, data); err != nil || n != 16 {
		r.fail(v, "file %s holds no key, want 32 hexadecimal digits", path)
		return nil
	}
	return key
}
