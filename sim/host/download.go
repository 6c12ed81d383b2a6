package host

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// requirements are what the host asks of terminals in the headers of its answers.
type requirements struct {
	any  atomic.Bool // something is asked of some terminal
	mu   sync.Mutex
	open map[int][]byte // digits, by the terminal's number, in the order in which they were asked for

	parameters map[int]map[string]string // that terminals are told in the place of what others are, by code
	withdrawn  map[int]bool              // terminals that are told of no CA key until they end a download of them
}

// Digits of the header that ask for no download.
const (
	requireStatus = 2
	requireSignIn = wire.SignInAgain
)

// ErrNoTerminal is of a TID that no terminal of the profile has.
var ErrNoTerminal = errors.New("no terminal of the profile has this TID")

// ErrNoRequirement is of what no digit of the dialect's header asks for.
var ErrNoRequirement = errors.New("no digit of the dialect's header asks for that")

// Require has the host ask a terminal, in the header of its answers to management messages,
// to do something until it has done so: to fetch a download of the dialect, by its name, to
// upload its "status", or to "sign-in".
func (h *Host) Require(tid, what string) error {
	digit := byte(0)
	switch of := h.dialect.DownloadNamed(what); {
	case what == "status":
		digit = requireStatus
	case what == "sign-in":
		digit = requireSignIn
	case of != nil:
		digit = of.Requirement
	}
	if digit == 0 || h.dialect.Header.App == 0 {
		return ErrNoRequirement
	}
	n, err := h.numberOf(tid)
	if err != nil {
		return err
	}
	r := &h.requirements
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = map[int][]byte{}
	}
	if !slices.Contains(r.open[n], digit) {
		r.open[n] = append(r.open[n], digit)
	}
	r.any.Store(true)
	h.noteAll(&h.journal.notes, required, r.kept(n))
	return nil
}

// numberOf is the number of a terminal of the profile.
func (h *Host) numberOf(tid string) (int, error) {
	n := slices.IndexFunc(h.profile.Terminals, func(t profile.Terminal) bool { return t.TID == tid })
	if n < 0 {
		return 0, ErrNoTerminal
	}
	return n, nil
}

// WithdrawCAKeys has the host tell a terminal of no CA key any more, until it has heard so:
// until it ends a download of them.
func (h *Host) WithdrawCAKeys(tid string) error {
	n, err := h.numberOf(tid)
	if err != nil {
		return err
	}
	h.withdraw(&h.journal.notes, n, true)
	return nil
}

// parametersOf are what a terminal is told: the policy's, but for its own.
func (h *Host) parametersOf(number int) (text []byte) {
	policy := &h.profile.Policy
	all := map[string]string{"12": fmt.Sprintf("%02d", min(99, int(policy.Timeout.Seconds()))), "18": "1", "19": "10", "20": "1", "21": "0",
		"23": strconv.Itoa(min(9, policy.ReversalTries)), "24": "1", "26": "FFFFFFFF"}
	if policy.AutoSignOff {
		all["21"] = "1"
	}
	r := &h.requirements
	r.mu.Lock()
	maps.Copy(all, r.parameters[number])
	r.mu.Unlock()
	for _, code := range slices.Sorted(maps.Keys(all)) {
		value, err := dialect.ParameterValue(code, all[code])
		if err != nil {
			panic(err) // it was read when it was set
		}
		text = append(append(text, code...), value...)
	}
	return text
}

// withdraw notes whether a terminal is told of no CA key.
func (h *Host) withdraw(notes *[]byte, number int, so bool) {
	r := &h.requirements
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.withdrawn[number] == so {
		return
	}
	r.setWithdrawn(number, so)
	h.noteAll(notes, required, r.kept(number))
}

func (r *requirements) setWithdrawn(number int, so bool) {
	if delete(r.withdrawn, number); !so {
		return
	}
	if r.withdrawn == nil {
		r.withdrawn = map[int]bool{}
	}
	r.withdrawn[number] = true
}

// hasWithdrawn reports whether a terminal is told of no CA key.
func (h *Host) hasWithdrawn(number int) bool {
	r := &h.requirements
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.withdrawn[number] && !h.breaks(keepsCAKeys)
}

// require puts the first thing that is asked of the terminal into the answer's header;
// done, unless 0, is what it has done with this request.
func (h *Host) require(req *Request, done byte) {
	r := &h.requirements
	if !r.any.Load() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	was := len(r.open[req.number])
	left := slices.DeleteFunc(r.open[req.number], func(d byte) bool { return d == done })
	if len(left) != was {
		defer func() { h.noteAll(&req.notes, required, r.kept(req.number)) }()
	}
	if r.open[req.number] = left; len(left) == 0 {
		delete(r.open, req.number)
		r.any.Store(len(r.open) > 0)
		return
	}
	if req.requirement == 0 && (req.Transaction == dialect.SignIn || req.Transaction == dialect.Echo) {
		req.requirement = left[0]
	}
}

// keptRequirements are what is asked of a terminal, as data keep it.
type keptRequirements struct {
	Terminal   int
	Digits     []byte
	Withdrawn  bool              `json:",omitempty"`
	Parameters map[string]string `json:",omitempty"`
}

// kept is what is asked of a terminal; mu is held.
func (r *requirements) kept(number int) keptRequirements {
	return keptRequirements{number, r.open[number], r.withdrawn[number], maps.Clone(r.parameters[number])}
}

func (h *Host) restoreRequired(k keptRequirements) error {
	r := &h.requirements
	if k.Terminal < 0 || k.Terminal >= len(h.sessions) {
		return errEntry
	}
	if r.open == nil {
		r.open = map[int][]byte{}
	}
	if r.open[k.Terminal] = k.Digits; len(k.Digits) == 0 {
		delete(r.open, k.Terminal)
	}
	r.setWithdrawn(k.Terminal, k.Withdrawn)
	delete(r.parameters, k.Terminal)
	r.setParameters(k.Terminal, k.Parameters)
	r.any.Store(len(r.open) > 0)
	return nil
}

// download answers the messages of a download.
func (h *Host) download(req *Request) {
	code := string(req.Message.Get(wire.ManagementCode))
	asked := req.Message.Get(wire.Download)
	i := slices.IndexFunc(h.dialect.Downloads, func(d dialect.Download) bool {
		switch req.Transaction {
		case dialect.DownloadQuery:
			return d.Query == code
		case dialect.DownloadEnd:
			return d.End == code
		}
		return d.Load == code
	})
	if i < 0 {
		h.reply(req, invalid)
		return
	}
	of := &h.dialect.Downloads[i]
	var content []byte
	ok := true
	switch req.Transaction {
	case dialect.DownloadEnd:
		if h.require(req, of.Requirement); of.Name == caKeys {
			h.withdraw(&req.notes, req.number, false)
		}
		h.reply(req, approved)
		return
	case dialect.DownloadQuery:
		content, ok = listed(h.entriesFor(req.number, of), asked)
	default:
		switch {
		case of.Name == "parameters": // codes of two digits with values of fixed length
			content = h.parametersOf(req.number)
		case of.Whole:
			content = h.entries(of)[0]
		case of.Query != "":
			content, ok = h.entry(req.number, code, asked)
		default:
			content, ok = paged(h.entries(of), asked)
		}
	}
	if !ok {
		h.reply(req, formatError)
		return
	}
	h.reply(req, approved)
	req.Answer.Set(wire.Download, content)
}

// from reads the number of the first entry that is wanted: 1 and two digits.
func from(asked []byte) (int, bool) {
	if len(asked) != 3 || asked[0] != '1' || !wire.IsDigits(asked) {
		return 0, false
	}
	return int(wire.Uint(asked[1:])), true
}

// Entries in one answer: of identifiers, of pages.
const (
	listOf = 3
	pageOf = 10
)

// listed is the answer to a query: identifiers, and whether there are more.
func listed(entries [][]byte, asked []byte) ([]byte, bool) {
	at, ok := from(asked)
	if !ok || at > len(entries) {
		return nil, false
	}
	if len(entries) == 0 {
		return []byte("0"), true
	}
	end := min(at+listOf, len(entries))
	v := []byte{'1'}
	if end < len(entries) {
		v[0] = '2'
	}
	for _, e := range entries[at:end] {
		v = append(v, identifier(e)...)
	}
	return v, true
}

// identifier is what names an entry: its first element, and its index if it has one.
func identifier(entry []byte) []byte {
	n := 3 + int(entry[2])
	if len(entry) > n+4 && entry[n] == 0x9F && entry[n+1] == 0x22 {
		n += 4
	}
	return entry[:n]
}

// entry is the one of an identifier, after a 1; 0 when there is none.
func (h *Host) entry(number int, load string, id []byte) ([]byte, bool) {
	if len(id) < 3 {
		return nil, false
	}
	for i := range h.dialect.Downloads {
		of := &h.dialect.Downloads[i]
		if of.Load != load || of.Query == "" {
			continue
		}
		for _, e := range h.entriesFor(number, of) {
			if bytes.Equal(identifier(e), id) {
				v := append([]byte("1"), e...)
				if h.breaks(wrongCAKey) {
					v[len(v)-1] ^= 1
				}
				return v, true
			}
		}
	}
	return []byte("0"), true
}

// paged is a page of entries, and whether there are more.
func paged(entries [][]byte, asked []byte) ([]byte, bool) {
	at, ok := from(asked)
	if !ok || at > len(entries) {
		return nil, false
	}
	end := min(at+pageOf, len(entries))
	v := []byte{'1'}
	if end < len(entries) {
		v[0] = '2'
	}
	for _, e := range entries[at:end] {
		v = append(fmt.Appendf(v, "%02d", len(e)), e...)
	}
	return v, true
}

// caKeys is what dialects call the download of CA keys for RSA.
const caKeys = "ca-keys"

// entriesFor are those that a terminal is told of.
func (h *Host) entriesFor(number int, of *dialect.Download) [][]byte {
	if of.Name == caKeys && h.hasWithdrawn(number) {
		return nil
	}
	return h.entries(of)
}

// entries are what the host has of a download: made up, but of the form that terminals
// want.
func (h *Host) entries(of *dialect.Download) [][]byte {
	switch of.Name {
	case caKeys:
		return authorities(h.breaks(otherCAKey))
	case "sm-ca-keys":
		return smCAKeys()
	case "revoked-certificates":
		return h.revocations()
	case "ic-parameters":
		return applications(h.profile)
	case "card-blacklist":
		return numberedFrom("6225000075%02d", 25)
	case "no-pin-cards":
		return numberedFrom("62250088%02d", 12)
	case "no-pin-blacklist":
		return numberedFrom("6225000076%02d", 3)
	case "rates":
		return [][]byte{[]byte("840 7.1042"), []byte("978 8.2310"), []byte("344 0.9131")}
	}
	return [][]byte{[]byte("posfleet " + of.Name)}
}

// revocations are certificates of issuers that are good no longer: provider, index, serial
// number.
func (h *Host) revocations() (all [][]byte) {
	if h.breaks(forgetRevoked) {
		return nil
	}
	for i := range h.profile.Cards {
		issuer := h.profile.Cards[i].Issuer()
		if issuer == nil {
			continue
		}
		if r, revoked := issuer.Revoked(); revoked && !slices.ContainsFunc(all, func(e []byte) bool { return bytes.Equal(e, r[:]) }) {
			all = append(all, r[:])
		}
	}
	return all
}

// mostTapped is from which amount on, in hundredths, a card is to be inserted.
const mostTapped = 50_000_00

// applications are the AIDs of debit, credit and quasi-credit, and what terminals need for
// each (PBOC): the limits for cards that are tapped are those of the policy.
func applications(p *profile.Profile) (all [][]byte) {
	policy, most := &p.Policy, p.Dialect.FromHundredths(mostTapped)
	for _, last := range []string{"01", "02", "03", "06"} {
		verify := most
		if policy.TapPINAbove > 0 {
			verify = policy.TapPINAbove + 1
		}
		e, err := hex.DecodeString("9F0608A0000003330101" + last + "DF0101009F08020020DF1105DC4000A800DF1205DC4004F800DF130500100000009F1B0400000000DF150400000000DF160199DF170199DF14039F3704DF180101" +
			fmt.Sprintf("DF1906%012dDF2006%012dDF2106%012d", min(policy.OfflineLimit, most), most, min(verify, most)))
		if err != nil {
			panic(err)
		}
		all = append(all, e)
	}
	return all
}

// authorities are the keys of those behind the cards that come with posfleet, as far as hosts
// tell of them; forged, with the first one's replaced.
func authorities(forged bool) (all [][]byte) {
	for _, a := range chip.Authorities() {
		switch {
		case !a.Listed:
		case forged && len(all) == 0:
			all = append(all, a.Forged())
		default:
			all = append(all, a.Entry())
		}
	}
	return all
}

// smCAKeys are keys of made-up points for SM2 (algorithm 4), of which the second has expired.
func smCAKeys() (all [][]byte) {
	rid, _ := hex.DecodeString("A000000333")
	for i := range byte(4) {
		index, expires := 0x57+i, []byte{0x20, 0x49, 0x12, 0x31}
		if i == 1 {
			expires[1] = 0x20
		}
		x, y := sha256.Sum256([]byte{index, 0}), sha256.Sum256([]byte{index, 1})
		point, exponent := append(x[:], y[:]...), []byte{3}
		hash := sha1.Sum(bytes.Join([][]byte{rid, {index}, point, exponent}, nil))
		e := append([]byte{0x9F, 0x06, 5}, rid...)
		e = append(e, 0x9F, 0x22, 1, index, 0xDF, 0x05, 4)
		e = append(append(e, expires...), 0xDF, 0x06, 1, 1, 0xDF, 0x07, 1, 4, 0xDF, 0x02, byte(len(point)))
		e = append(append(e, point...), 0xDF, 0x04, 1, 3, 0xDF, 0x03, sha1.Size)
		all = append(all, append(e, hash[:]...))
	}
	return all
}

func numberedFrom(form string, n int) (all [][]byte) {
	for i := range n {
		all = append(all, fmt.Appendf(nil, form, i))
	}
	return all
}

// cashierSignIn credits a cashier's card.
func (h *Host) cashierSignIn(req *Request) {
	code := h.present(req)
	if code == pending && req.record.Card == book.NoCard {
		code = formatError
	}
	if code == pending {
		code = approved
		if h.cardOf(req).Answer != "" {
			code = byCard
		}
	}
	h.reply(req, code)
}
