package sim

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// loading is a download that is not whole yet. It outlives a power cut, and goes on at the
// entry where it stopped.
type loading struct {
	of      *dialect.Download
	ids     [][]byte    // of the entries that there are, from the query
	entries [][]byte    // that are here
	caKeys  chip.CAKeys // of entries, and those that have expired
	next    int         // of ids, or how many entries came in pages
	listed  bool        // the query has been answered whole
	whole   bool        // but for the end, which tells the host
}

// Loaded is how many entries the terminal has of a download.
func (t *Terminal) Loaded(name string) int {
	if t.kept == nil {
		return 0
	}
	if l := t.kept.loaded[name]; l != nil {
		return len(l.entries)
	}
	return 0
}

// ForgetDownloads has the terminal have downloaded nothing.
func (t *Terminal) ForgetDownloads() {
	if t.kept != nil {
		t.kept.loading, t.kept.loaded, t.kept.caKeys, t.kept.denial, t.kept.tapped.given, t.kept.parameters = nil, nil, nil, [5]byte{}, false, nil
	}
}

// requireStatus is the digit of the header with which a host wants to know how the
// terminal's parts are.
const requireStatus = 2

// meet does what the digit of an answer's header asks of the terminal, beside what it was
// asked for. What comes of that shows on the display if it fails.
func (p *Player) meet(requirement byte) {
	t := p.T
	d := t.Profile.Dialect
	last, display := p.Last, t.Display
	switch of := d.Required(requirement); {
	case requirement == requireStatus:
		if f := d.Form(dialect.StatusUpload); f != nil && t.On {
			p.uploadStatus(f, (*Player).exchangeAside)
		}
	case of != nil:
		if p.download(of, -1, (*Player).exchangeAside) == nil && t.kept.loading == nil {
			t.Display = display
		}
	}
	p.Last = last
}

// Download has the terminal fetch what a dialect names so, whole, or the rest of it where
// that was cut off. An error means that nothing was sent.
func (p *Player) Download(name string) error { return p.DownloadSome(name, -1) }

// DownloadSome is Download that stops after so many entries, as in a power cut.
func (p *Player) DownloadSome(name string, most int) error {
	t := p.T
	if !t.On {
		return p.refused(t.dead())
	}
	of := t.Profile.Dialect.DownloadNamed(name)
	if of == nil {
		return p.refused(fmt.Errorf("dialect %s has no download %s", t.Profile.Dialect.Name, name))
	}
	return p.download(of, most, (*Player).exchange)
}

func (p *Player) download(of *dialect.Download, most int, exchange func(*Player, *dialect.Form) *Result) error {
	t := p.T
	s := t.keep()
	if s.loading == nil || s.loading.of.Name != of.Name {
		s.loading = &loading{of: of}
	}
	l := s.loading
	t.Display = "下载未完成"
	for !l.listed && of.Query != "" {
		if err := p.loadStep(exchange, dialect.DownloadQuery, of.Query, fmt.Appendf(nil, "1%02d", len(l.ids))); err != nil {
			return ifUnsent(err)
		}
		v := p.ans.Get(wire.Download)
		if err := cmp.Or(p.working(v), l.list(v)); err != nil {
			return p.spoilt(err)
		}
	}
	for most != 0 && !l.whole && !l.nothing() {
		most--
		if err := p.loadStep(exchange, dialect.DownloadLoad, of.Load, l.wants()); err != nil {
			return ifUnsent(err)
		}
		v := p.ans.Get(wire.Download)
		if err := cmp.Or(p.working(v), l.take(v, p.yyyymmdd()), l.readable(v)); err != nil {
			return p.spoilt(err)
		}
	}
	if most == 0 {
		return nil
	}
	if err := p.loadStep(exchange, dialect.DownloadEnd, of.End, nil); err != nil {
		return ifUnsent(err)
	}
	s.have(l)
	s.obey(t.Profile.Policy.AutoSignOff)
	t.Display = "下载成功"
	return nil
}

// have keeps a download that is whole, in the place of what was downloaded by its name
// before: what the host no longer has, the terminal uses no longer.
func (k *kept) have(l *loading) {
	if k.loaded == nil {
		k.loaded = map[string]*loading{}
	}
	k.loaded[l.of.Name], k.loading = l, nil
	k.caKeys, k.denial, k.tapped.given = nil, [5]byte{}, false
	for _, name := range slices.Sorted(maps.Keys(k.loaded)) {
		k.caKeys = append(k.caKeys, k.loaded[name].caKeys...)
		for _, e := range k.loaded[name].entries {
			if v := chip.Value(e, tagDenial); len(v) == len(k.denial) && bytes.Equal(chip.Value(e, tagIdentifier), chip.Application) {
				k.denial = [5]byte(v)
			}
			k.tapLimits(e)
		}
	}
	k.revoke()
}

// revokedCertificates is what dialects call the list of issuers' certificates that are good
// no longer.
const revokedCertificates = "revoked-certificates"

// revoke has the terminal take no card whose issuer's certificate is on the list.
func (k *kept) revoke() {
	var all []chip.Revocation
	if l := k.loaded[revokedCertificates]; l != nil {
		for _, e := range l.entries {
			all = append(all, chip.Revocation(e))
		}
	}
	k.caKeys.Revoke(all)
}

// tapLimits takes the limits for cards that are tapped, where an entry is of their
// application and has all three.
func (k *kept) tapLimits(e []byte) {
	if !bytes.Equal(chip.Value(e, tagIdentifier), chip.Application) {
		return
	}
	var l tapLimits
	for tag, to := range map[uint32]*int64{tagTapFloor: &l.floor, tagTapMost: &l.most, tagTapVerify: &l.verify} {
		v := chip.Value(e, tag)
		if len(v) != 6 {
			return
		}
		for _, b := range v {
			*to = 100**to + 10*int64(b>>4) + int64(b&15)
		}
	}
	l.most, l.verify = max(l.most, 1), max(l.verify, 1) // 0 is each amount
	k.tapped.tapLimits, k.tapped.given = l, true
}

// errNotLoaded is of a step of a download that was sent and not approved: the terminal
// goes on with it another time.
var errNotLoaded = errors.New("not approved")

func ifUnsent(err error) error {
	if errors.Is(err, errNotLoaded) {
		return nil
	}
	return err
}

// spoilt gives up a download whose content cannot be right.
func (p *Player) spoilt(err error) error {
	p.T.kept.loading = nil
	p.T.Display = "下载数据错"
	return p.refused(fmt.Errorf("%w: what the host gave to download is not right: %w", ErrRefusedLocally, err))
}

// loadStep sends one message of a download.
func (p *Player) loadStep(exchange func(*Player, *dialect.Form) *Result, of dialect.Transaction, code string, content []byte) error {
	f := p.T.Profile.Dialect.Form(of)
	p.begin(p.T, f)
	p.req.SetString(wire.ManagementCode, code)
	if content != nil {
		p.req.Set(wire.Download, content)
	}
	r := exchange(p, f)
	if r.Outcome != report.Approved {
		if r.Outcome == report.Declined {
			p.T.Display = show(r)
		}
		return errNotLoaded
	}
	return nil
}

// working complains about working keys in the place of what was to be downloaded: a host
// answers all network management with them. They open with the terminal's master key, and
// their check values are right, which nothing else's are.
func (p *Player) working(v []byte) error {
	for _, kind := range keys.KeyBlocks {
		if len(p.T.Master) == 0 || !kind.Fits(v) {
			continue
		}
		if _, err := keys.Unwrap(p.T.Profile.HSM, p.T.Master, kind, v); err == nil {
			return errors.New("these are working keys, as a sign-in brings them")
		}
	}
	return nil
}

// Tags of what is downloaded (EMV book 3 and 4; DF… as UnionPay terminals have them).
const (
	tagIdentifier = 0x9F06
	tagIndex      = 0x9F22
	tagModulus    = 0xDF02
	tagTapFloor   = 0xDF19 // amounts, n 12: see tapLimits
	tagTapMost    = 0xDF20
	tagTapVerify  = 0xDF21
	tagDenial     = 0xDF13 // terminal action code: verification results that decline off line
)

// list reads the answer to a query: 0 for nothing, 1 for all, 2 for more to ask for, and
// the identifiers.
func (l *loading) list(v []byte) error {
	if len(v) == 0 || v[0] < '0' || v[0] > '2' {
		return errors.New("the list says neither that it is whole nor that there is more")
	}
	n := len(l.ids)
	for tag, err := range wire.Tags(v[1:]) {
		switch {
		case err != nil:
			return fmt.Errorf("list of entries: %w", err)
		case tag.Tag == tagIdentifier:
			l.ids = append(l.ids, appendTLV(nil, tag.Tag, tag.Value))
		case tag.Tag == tagIndex && len(l.ids) > 0:
			l.ids[len(l.ids)-1] = appendTLV(l.ids[len(l.ids)-1], tag.Tag, tag.Value)
		}
	}
	if v[0] == '2' && len(l.ids) == n {
		return errors.New("the list says that there is more, and brings nothing")
	}
	if len(l.ids) > mostEntries {
		return fmt.Errorf("more than %d entries", mostEntries)
	}
	l.listed = v[0] != '2'
	return nil
}

// mostEntries is how many entries a terminal takes of one download: two digits count them.
const mostEntries = 99

// nothing reports whether there is nothing left to ask for.
func (l *loading) nothing() bool {
	l.whole = l.of.Query != "" && l.next >= len(l.ids)
	return l.whole
}

// wants is what a request for the next entry says: which, or how many are here.
func (l *loading) wants() []byte {
	switch {
	case l.of.Query != "":
		return l.ids[l.next]
	case l.of.Whole:
		return nil
	}
	return fmt.Appendf(nil, "1%02d", l.next)
}

// take reads what came: an entry, all of a text, or a page of entries. A key that has
// expired is not kept.
func (l *loading) take(v []byte, today uint32) error {
	switch {
	case l.of.Whole:
		if len(v) == 0 {
			return errors.New("it is empty")
		}
		l.entries, l.whole = append(l.entries, bytes.Clone(v)), true
		return nil
	case len(v) == 0 || v[0] < '0' || v[0] > '2':
		return errors.New("it does not begin with 0, 1 or 2")
	case l.of.Query == "":
		return l.page(v)
	}
	id := l.ids[l.next]
	l.next++
	if v[0] == '0' { // the host has it no more
		return nil
	}
	data := v[1:]
	if !bytes.Equal(chip.Value(data, tagIdentifier), chip.Value(id, tagIdentifier)) || !bytes.Equal(chip.Value(data, tagIndex), chip.Value(id, tagIndex)) {
		return errors.New("it is another entry than the one asked for")
	}
	if chip.Value(data, tagModulus) != nil {
		key, err := chip.ReadCAKey(data)
		if err != nil {
			return err
		}
		if key.RSA {
			l.caKeys = append(l.caKeys, key)
		}
		if key.Expires < today {
			return nil
		}
	}
	l.entries = append(l.entries, bytes.Clone(data))
	return nil
}

// readable complains about parameters that cannot be read.
func (l *loading) readable(v []byte) error {
	if l.of.Name != parametersDownload {
		return nil
	}
	return dialect.ReadParameters(v, new(dialect.Parameters))
}

// page reads entries of two digits of length and so many characters.
func (l *loading) page(v []byte) error {
	last := v[0] != '2'
	for v = v[1:]; len(v) > 0; {
		if len(v) < 2 || !wire.IsDigits(v[:2]) || len(v) < 2+int(wire.Uint(v[:2])) {
			return errors.New("a page ends within an entry")
		}
		n := 2 + int(wire.Uint(v[:2]))
		if l.of.Name == revokedCertificates && n != 2+len(chip.Revocation{}) {
			return errors.New("a revoked certificate is named by nine octets: provider, index of the CA key, serial number")
		}
		l.entries = append(l.entries, bytes.Clone(v[2:n]))
		v = v[n:]
	}
	if !last && len(l.entries) == l.next {
		return errors.New("a page says that there is more, and brings nothing")
	}
	if l.next = len(l.entries); l.next > mostEntries {
		return fmt.Errorf("more than %d entries", mostEntries)
	}
	l.whole = last
	return nil
}

// appendTLV writes a short element.
func appendTLV(dst []byte, tag uint32, v []byte) []byte {
	return append(append(binary.BigEndian.AppendUint16(dst, uint16(tag)), byte(len(v))), v...)
}

// yyyymmdd is today as keys say when they expire.
func (p *Player) yyyymmdd() uint32 {
	year, month, day := p.Clock.At(p.Clock.Now()).Date()
	return uint32(10_000*year + 100*int(month) + day)
}

// CashierSignIn credits a cashier's own card with points; no one logs in by it.
func (p *Player) CashierSignIn(o *Order) error {
	t := p.T
	f := t.Profile.Dialect.Form(dialect.CashierSignIn)
	if f == nil {
		return p.refused(fmt.Errorf("dialect %s has no %s", t.Profile.Dialect.Name, dialect.CashierSignIn))
	}
	if !t.On || t.Operator == "" {
		t.Display = "请输入操作员号"
		return p.refused(fmt.Errorf("%w: no operator is logged in", ErrRefusedLocally))
	}
	p.begin(t, f)
	if err := p.fill(t, f, o); err != nil {
		return p.refused(err)
	}
	p.req.SetString(wire.ManagementCode, f.ManagementCodes[0])
	p.holder = o.Holder
	t.Display = show(p.exchange(f))
	return nil
}
