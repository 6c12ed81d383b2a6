package profile

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// Terminal is one terminal's entry.
type Terminal struct {
	TID    string // as messages have it: filled up where its field is
	MID    string // so, too; of a Merchant; none for one in stock
	Kind   *device.Kind
	Master Secret // the master key (TMK) as the profile's HSM has it; none where a sign-in brings no keys
}

// Bounds of a fleet.
const (
	maxTerminals = 1_000_000
	maxListFile  = 80 << 20 // octets; a line of a list has about 70
)

// numberShape is the number of a terminal or merchant, countedShape one that a range counts
// up from. The second edition of ISO 8583 has room for 16 and 35 characters; how many a
// network has its dialect says.
var (
	numberShape  = regexp.MustCompile(`^[0-9A-Za-z]{1,35}$`)
	countedShape = regexp.MustCompile(`^\d{1,35}$`)
)

const numberWords = "letters or digits, 35 at most"

// number reads the number of a terminal or merchant, which element e of messages has.
func (r reader) number(to *string, d *dialect.Dialect, e wire.Element) func(strict.Value) {
	fill := d.Filler(e)
	return func(v strict.Value) {
		r.Match(to, numberShape, numberWords)(v)
		if *to == "" {
			return
		}
		whole, err := fill(*to)
		if err != nil {
			r.Fail(v, "%s %w", strict.Quote(*to), err)
			return
		}
		*to = whole
	}
}

// terminalEntry is one entry under terminals: one terminal, a range of them or a
// list in a file.
type terminalEntry struct {
	strict.Value
	tid, first, list string
	under            []byte // key block protection key of the list's; nil for keys in clear
	inHSM            bool   // they are under the LMK of the profile's HSM
	count            int
	merchant         string
	merchants        []string
	kind             *device.Kind
	kinds            []run  // of so many in a row
	master           []byte // of all of them
	seed             []byte // from which each gets its own
	found            map[string]int
	lines            []listLine // of the list
}

// run is how many terminals of a kind come in a row.
type run struct {
	kind *device.Kind
	n    int
}

// terminalEntry reads an entry of terminals, of the profile's kinds.
func (r reader) terminalEntry(v strict.Value, p *Profile, dir folder) terminalEntry {
	kinds := p.Kinds
	var kcv strict.Value
	g := terminalEntry{Value: v, count: 1, kind: device.Find(kinds, device.Desktop().Name)} // which kinds may say otherwise
	g.found = r.Map(v, strict.Table{
		"tid":      r.number(&g.tid, p.Dialect, wire.TerminalID),
		"merchant": r.number(&g.merchant, p.Dialect, wire.MerchantID),
		"kind":     r.kind(&g.kind, kinds),
		"first":    r.Match(&g.first, countedShape, "digits, which the range counts up from"),
		"count":    strict.Int(r.Reader, &g.count, 1, maxTerminals),
		"merchants": func(v strict.Value) {
			r.List(v, func(v strict.Value) {
				var mid string
				r.number(&mid, p.Dialect, wire.MerchantID)(v)
				g.merchants = append(g.merchants, mid)
			})
		},
		"kinds":      r.kindsInARow(&g.kinds, kinds),
		"master":     func(v strict.Value) { g.master = r.testKey(v, 16, 16) },
		"derive":     func(v strict.Value) { g.seed = r.testKey(v, 8, 64) },
		"file":       func(v strict.Value) { g.master = r.keyFile(v, dir) },
		"components": func(v strict.Value) { g.master = r.components(v, p, dir) },
		"kcv":        strict.Keep(&kcv),
		"list":       r.Text(&g.list),
		"under":      func(v strict.Value) { g.under, g.inHSM = r.protection(v, p, dir) },
	})
	r.checkEntry(&g, p.SignIn == "")
	if kcv.Given() && len(g.seed) > 0 {
		r.Fail(kcv, "of keys that are derived, of which each has another one; leave it away")
	}
	if kcv.Given() && len(g.master) > 0 {
		if s, ok := r.Scalar(kcv); ok {
			if err := checks(p.SignIn.Cipher(), g.master, s); err != nil {
				r.Fail(kcv, "the master key: %w; is it the key, and are its components all there?", err)
			}
		}
	}
	return g
}

// kind reads the name of a kind of terminal.
func (r reader) kind(to **device.Kind, kinds []*device.Kind) func(strict.Value) {
	return func(v strict.Value) {
		s, ok := r.Scalar(v)
		if *to = device.Find(kinds, s); ok && *to == nil {
			r.Fail(v, "%s, want one of %s, or add it under kinds", strict.Quote(s), device.NamesOf(kinds))
		}
	}
}

// kindsInARow reads how many terminals of each kind come in a row, over and over, in
// the order of the file.
func (r reader) kindsInARow(to *[]run, kinds []*device.Kind) func(strict.Value) {
	return func(v strict.Value) {
		sum := 0
		r.Each(v, func(name string, v strict.Value) {
			of := run{kind: device.Find(kinds, name)}
			if of.kind == nil {
				r.Fail(v, "%s, want one of %s, or add it under kinds", strict.Quote(name), device.NamesOf(kinds))
				return
			}
			strict.Int(r.Reader, &of.n, 0, 1000)(v)
			*to = append(*to, of)
			sum += of.n
		})
		if r.OK() && sum == 0 {
			r.Fail(v, "all are 0; say how many of each come in a row, as in {desktop: 17, mobile: 2, qr: 1}")
		}
	}
}

// checkEntry checks that an entry is of one sort and has one source of keys, or none
// where no key is used.
func (r reader) checkEntry(g *terminalEntry, keyless bool) {
	var sort string
	for _, k := range []string{"tid", "first", "list"} {
		if g.found[k] != 0 {
			if sort != "" {
				r.Fail(g.Value, "has both %s and %s; make two entries of it", sort, k)
			}
			sort = k
		}
	}
	if g.found["kind"] != 0 && g.found["kinds"] != 0 {
		r.FailAt(g.found["kind"], g.Path(), "has both kind and kinds; give one")
	}
	source := 0
	for _, k := range []string{"master", "derive", "file", "components"} {
		if g.found[k] != 0 {
			source++
		}
	}
	allowed := map[string]string{
		"tid":   " tid merchant kind master derive file components kcv ",
		"first": " first count merchants kinds kind master derive file components kcv ",
		"list":  " list under ",
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
		if sort != "list" && source != 1 && !(keyless && source == 0) {
			r.Fail(g.Value, "has %d sources of the master key; give one: master: test:<hex>, derive: test:<hex>, file: <path> or components: [<path>, <path>]", source)
		}
	}
}

// fleet makes a profile's terminals.
type fleet struct {
	reader
	*Profile
	dir   folder
	mids  []string // of the merchants, in order
	known map[string]bool
	seen  map[string]struct{} // terminal numbers given out
}

// Serial is the machine's serial number (TUSN, 银行卡受理终端序列号), which no other
// one has: 20 digits, an invented maker's and model's before the TID.
func (t *Terminal) Serial() string { return "000099990001" + t.TID }

// terminals makes the terminals of the entries, want of them when it is above
// 0: the last range grows, or the end of the fleet is left away. Those of spare are
// the stock.
func (r reader) terminals(p *Profile, at strict.Value, entries, spare []terminalEntry, dir folder, want int) {
	f := fleet{reader: r, Profile: p, dir: dir, known: map[string]bool{}}
	for i := range p.Merchants {
		f.mids = append(f.mids, p.Merchants[i].MID)
		f.known[p.Merchants[i].MID] = true
	}
	total, last := 0, -1
	for i := range entries {
		if g := &entries[i]; g.list != "" {
			if g.lines = f.loadList(g); g.lines == nil {
				return
			}
			g.count = len(g.lines)
		} else if g.first != "" {
			last = i
		}
		total += entries[i].count
	}
	if want > total && last >= 0 {
		entries[last].count += want - total
		total = want
	}
	switch {
	case total == 0:
		r.Fail(at, "has none; add a terminal or a range of them")
		return
	case want > total:
		r.Fail(at, "%d of them, %d were asked for; add a range (first, count, derive)", total, want)
		return
	case total > maxTerminals:
		r.Fail(at, "%d of them, at most %d", total, maxTerminals)
		return
	}
	if want > 0 { // what is over is not made
		left := want
		for i := range entries {
			entries[i].count = min(entries[i].count, left)
			left -= entries[i].count
		}
		total = want
	}
	p.Terminals = make([]Terminal, 0, total)
	f.seen = make(map[string]struct{}, total)
	for i := range entries {
		switch g := &entries[i]; {
		case g.count == 0:
		case g.list != "":
			f.addList(g)
		default:
			f.generate(g)
		}
	}
	f.stock(spare)
}

// stock makes the terminals that are of no merchant yet.
func (f *fleet) stock(entries []terminalEntry) {
	n := len(f.Terminals)
	f.mids, f.known[""] = []string{""}, true
	for i := range entries {
		switch g := &entries[i]; {
		case g.list != "", g.merchant != "", len(g.merchants) > 0:
			f.Fail(g.Value, "is in stock: want tid or first and count, a kind and a key, and no merchant")
		case n+g.count > maxTerminals:
			f.Fail(g.Value, "%d terminals with those under terminals, at most %d", n+g.count, maxTerminals)
		default:
			f.generate(g)
		}
	}
	f.Terminals, f.Stock = f.Terminals[:n:n], f.Terminals[n:]
}

// add takes a terminal in; the complaint about it is empty when it may be.
func (f *fleet) add(t Terminal) (complaint string) {
	if _, twice := f.seen[t.TID]; twice {
		return "terminal " + t.TID + " stands twice; leave one away"
	}
	if !f.known[t.MID] {
		return "terminal " + t.TID + " is of merchant " + t.MID + ", who is not under merchants; add it there"
	}
	if len(t.TID) != dialect.OrderTerminalLen && f.Dialect.Form(dialect.OrderConfirm) != nil {
		return fmt.Sprintf("terminal %s has %d characters, and numbers of orders hold %d of it; leave the order's transactions out of the dialect (order: none)", t.TID, len(t.TID), dialect.OrderTerminalLen)
	}
	f.seen[t.TID] = struct{}{}
	f.Terminals = append(f.Terminals, t)
	return ""
}

// generate makes the terminals of an entry. Numbers and keys are views of two
// blocks, so that a hundred thousand of them are a few things on the heap.
func (f *fleet) generate(g *terminalEntry) {
	tids := g.tid
	if g.first != "" {
		if !fitsWidth(g.first, g.count, false) {
			f.Fail(g.Value, "%d terminals from %s on do not fit into %d digits; begin lower", g.count, g.first, len(g.first))
			return
		}
		if tids = f.consecutive(g); tids == "" {
			return
		}
	}
	width := len(tids) / max(1, g.count)
	mids := f.mids
	switch {
	case g.merchant != "":
		mids = []string{g.merchant}
	case len(g.merchants) > 0:
		mids = g.merchants
	}
	if tids == "" || len(mids) == 0 {
		return // told already
	}
	master, err := f.hold(g.master)
	var own []byte
	var derive func(tid string) [16]byte
	if g.seed != nil {
		own = make([]byte, 0, 16*g.count)
		derive = keys.Deriver(g.seed)
	}
	for i := range g.count {
		t := Terminal{TID: tids[width*i : width*(i+1)], MID: mids[i%len(mids)], Kind: g.kindOf(i), Master: master}
		if g.seed != nil {
			key := derive(t.TID)
			own = append(own, key[:]...)
			t.Master, err = f.hold(own[len(own)-16 : len(own) : len(own)])
		}
		if err != nil {
			f.Fail(g.Value, "master key: %w", err)
			return
		}
		if complaint := f.add(t); complaint != "" {
			f.Fail(g.Value, "%s", complaint)
			return
		}
	}
	if f.published == "" && (f.DUKPT.published || isPublishedSeed(g.seed) || g.master != nil && wellKnown(g.master, f.SignIn)) {
		f.published = tids[:width]
	}
}

// consecutive are the terminal numbers of a range, one behind the other, each as messages
// have it; empty when they have no room for them.
func (f *fleet) consecutive(g *terminalEntry) string {
	fill := f.Dialect.Filler(wire.TerminalID)
	whole, err := fill(g.first)
	if err != nil {
		f.FailAt(g.found["first"], g.Path()+".first", "%s %w", strict.Quote(g.first), err)
		return ""
	}
	numbers := string(consecutive(g.first, g.count, false))
	if whole == g.first {
		return numbers
	}
	var all strings.Builder
	for i := range g.count {
		whole, _ = fill(numbers[i*len(g.first) : (i+1)*len(g.first)])
		all.WriteString(whole)
	}
	return all.String()
}

// kindOf is the kind of the i-th terminal of a range: kinds says how many of
// each come in a row, over and over.
func (g *terminalEntry) kindOf(i int) *device.Kind {
	sum := 0
	for _, of := range g.kinds {
		sum += of.n
	}
	if sum == 0 {
		return g.kind
	}
	n := i % sum
	for _, of := range g.kinds {
		if n -= of.n; n < 0 {
			return of.kind
		}
	}
	return g.kind
}
