package host

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
)

// A record of the journal is its kind, how many octets follow, and these: of what payments
// change numbers (varints), of all else JSON. It says what came out, not what was asked, so
// that it is the same again whatever the rules are by then. An entry is the records of one
// request, or of one doing of the bank's people. A kind keeps its number for ever.

// kind is what a record is about.
type kind byte

const (
	bookChanged     kind = 1 + iota // a terminal's number, and book's changes
	sessionChanged                  // a terminal's number, and its session
	counterUsed                     // of a terminal whose keys are derived
	chipUsed                        // a counter and cryptogram of a chip
	chipObeyed                      // or not
	codeUsed                        // that a phone showed
	codeSpent                       // by a payer with static codes
	orderChanged                    // order's
	signatureTaken                  // under a purchase
	statusTold                      // by a terminal
	required                        // of a terminal
	registerChanged                 // merchant's
	deskChanged                     // staff's
	accountsChanged                 // book's, of payouts
	menuChanged                     // the whole menu
	signerChanged                   // what is on file of how an operator signs
	menuSold                        // of which menu the orders after it are, where it was not changed
	masterAsked                     // by a terminal, with a public key
	kinds
)

// again does a record of a kind again.
var again = [kinds]func(h *Host, v []byte) error{
	sessionChanged:  atTerminal((*Host).restoreSession),
	counterUsed:     atTerminal((*Host).restoreCounter),
	chipUsed:        (*Host).restoreChip,
	chipObeyed:      (*Host).restoreObeyed,
	codeUsed:        (*Host).restoreCode,
	codeSpent:       (*Host).restoreSpent,
	orderChanged:    func(h *Host, v []byte) error { return h.orders.Redo(v) },
	signatureTaken:  asJSON((*Host).restoreSignature),
	statusTold:      asJSON((*Host).restoreStatus),
	required:        asJSON((*Host).restoreRequired),
	registerChanged: func(h *Host, v []byte) error { return h.merchants.Redo(v) },
	deskChanged:     func(h *Host, v []byte) error { return h.staff.Redo(v) },
	accountsChanged: func(h *Host, v []byte) error { return h.books.RedoAccounts(v) },
	menuChanged: asJSON(func(h *Host, m profile.Menu) error {
		h.orders.ChangeMenu(func(profile.Menu) profile.Menu { return m })
		h.orders.RedoBy(h.orders.Menu())
		return nil
	}),
	menuSold: asJSON(func(h *Host, m profile.Menu) error {
		h.orders.RedoBy(&m)
		return nil
	}),
	signerChanged: asJSON((*Host).restoreEnrolment),
	masterAsked:   asJSON((*Host).restoreMaster),
}

var errEntry = errors.New("it is not of this host")

// appendRecord puts a record into an entry.
func appendRecord(b []byte, k kind, v []byte) []byte {
	return append(binary.AppendUvarint(append(b, byte(k)), uint64(len(v))), v...)
}

// appendNumbered puts a record into an entry that begins with a terminal's number.
func appendNumbered(b []byte, k kind, number int, v []byte) []byte {
	var room [binary.MaxVarintLen64]byte
	of := binary.AppendUvarint(room[:0], uint64(number))
	b = binary.AppendUvarint(append(b, byte(k)), uint64(len(of)+len(v)))
	return append(append(b, of...), v...)
}

// note notes a record of numbers for what the request will have changed.
func (h *Host) note(req *Request, k kind, values ...uint64) {
	if h.journal.store == nil {
		return
	}
	var room [64]byte
	v := room[:0]
	for _, n := range values {
		v = binary.AppendUvarint(v, n)
	}
	req.notes = appendRecord(req.notes, k, v)
}

// noteAll notes a record of all else.
func (h *Host) noteAll(to *[]byte, k kind, v any) {
	if h.journal.store == nil {
		return
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // of a type that has no JSON
	}
	*to = appendRecord(*to, k, text)
}

// appendPeople takes what people and terminals have changed together, as records. Nobody
// else does at the same time.
func (h *Host) appendPeople(b []byte) []byte {
	j := &h.journal
	b = append(b, j.notes...)
	j.notes = j.notes[:0]
	if v := h.merchants.TakeChanges(); v != nil {
		b = appendRecord(b, registerChanged, v)
	}
	if v := h.staff.TakeChanges(); v != nil {
		b = appendRecord(b, deskChanged, v)
	}
	if v := h.books.TakeAccounts(); v != nil {
		b = appendRecord(b, accountsChanged, v)
	}
	if m := h.orders.Menu(); m != j.menu {
		h.noteAll(&b, menuChanged, m)
		j.menu = m
	}
	return b
}

// restore does an entry of the store again, and gives the highest serial number in it.
func (h *Host) restore(entry []byte) (serial uint64, err error) {
	defer func() {
		if recover() != nil { // a place that is not there
			err = errEntry
		}
	}()
	for r := (reader{b: entry}); ; {
		k := kind(r.octet())
		v := r.octets()
		switch {
		case r.err != nil:
			return 0, r.err
		case k == bookChanged:
			number, changes, err := h.numberIn(v)
			if err != nil {
				return 0, err
			}
			highest, err := h.books.Redo(number, changes)
			if err != nil {
				return 0, err
			}
			serial = max(serial, highest)
		case k >= kinds || again[k] == nil:
			return 0, fmt.Errorf("record of kind %d: %w", k, errEntry)
		default:
			if err := again[k](h, v); err != nil {
				return 0, fmt.Errorf("record of kind %d: %w", k, err)
			}
		}
		if len(r.b) == 0 {
			return serial, nil
		}
	}
}

// reader reads a record. What cannot be read is an error, and zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) octet() byte {
	if len(r.b) == 0 {
		r.err = errEntry
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) value() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.err = nil, errEntry
		return 0
	}
	r.b = r.b[n:]
	return v
}

// octets are so many as a number before them says: a view.
func (r *reader) octets() []byte {
	n := r.value()
	if n > uint64(len(r.b)) {
		r.b, r.err = nil, errEntry
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

// numberIn reads the terminal's number with which a record begins, and gives what follows.
func (h *Host) numberIn(v []byte) (number int, rest []byte, err error) {
	r := reader{b: v}
	n := r.value()
	if r.err != nil || n >= uint64(len(h.sessions)) {
		return 0, nil, errEntry
	}
	return int(n), r.b, nil
}

// atTerminal does a record again that begins with a terminal's number.
func atTerminal(do func(h *Host, number int, r *reader) error) func(*Host, []byte) error {
	return func(h *Host, v []byte) error {
		number, rest, err := h.numberIn(v)
		if err != nil {
			return err
		}
		r := reader{b: rest}
		if err := do(h, number, &r); err != nil {
			return err
		}
		return r.err
	}
}

// asJSON does a record of JSON again.
func asJSON[T any](do func(h *Host, v T) error) func(*Host, []byte) error {
	return func(h *Host, text []byte) error {
		var v T
		if err := json.Unmarshal(text, &v); err != nil {
			return fmt.Errorf("%w: %w", errEntry, err)
		}
		return do(h, v)
	}
}

// sessionOf is the session of a terminal, made where there is none.
func (h *Host) sessionOf(number int) *session {
	if h.sessions[number] == nil {
		h.sessions[number] = &session{signedIn: h.dialect.Form(dialect.SignIn) == nil}
	}
	return h.sessions[number]
}

// appendSession writes a session: its keys as its sign-in gave them, under the terminal's
// master key.
func appendSession(b []byte, s *session) []byte {
	if s == nil { // the terminal has become another merchant's
		s = &session{}
	}
	signedIn := byte(0)
	if s.signedIn {
		signedIn = 1
	}
	b = append(b, signedIn, s.operator[0], s.operator[1])
	b = binary.AppendUvarint(b, uint64(s.trace))
	b = append(binary.AppendUvarint(b, uint64(len(s.mode))), s.mode...)
	b = append(binary.AppendUvarint(b, uint64(len(s.block))), s.block...)
	return binary.AppendUvarint(b, uint64(s.cutOver))
}

// restoreSession puts a session in the place of the one before, whose counter and
// signatures stay.
func (h *Host) restoreSession(number int, r *reader) (err error) {
	s := &session{signedIn: r.octet() == 1, operator: [2]byte{r.octet(), r.octet()}, trace: uint32(r.value())}
	if before := h.sessions[number]; before != nil {
		s.serial, s.signatures = before.serial, before.signatures
	}
	s.mode = keys.KeyBlock(r.octets())
	block := r.octets()
	s.cutOver = uint32(r.value())
	if len(block) > 0 && r.err == nil {
		s.block = append([]byte(nil), block...)
		if s.keys, err = keys.Unwrap(h.profile.HSM, h.books.Entry(number).Master, s.mode, s.block); err != nil {
			return err
		}
	}
	h.sessions[number] = s
	return nil
}

// restoreCounter restores how far the counter of a terminal's derived keys has come.
func (h *Host) restoreCounter(number int, r *reader) error {
	s, counter := h.sessionOf(number), uint32(r.value())
	if h.dialect.DUKPT == keys.NoDUKPT || !h.derives(number, s) {
		return errEntry
	}
	s.serial.counter = counter
	return nil
}

// restoreChip has a chip have paid.
func (h *Host) restoreChip(v []byte) error {
	r := reader{b: v}
	of, index, counter, cryptogram, fresh := h.restoredChip(&r), r.value(), r.value(), r.value(), r.value()
	if of == nil || r.err != nil || index > 255 || counter > 0xFFFF {
		return errEntry
	}
	of.next(byte(index), uint16(counter), cryptogram, fresh == 1)
	return nil
}

func (h *Host) restoreObeyed(v []byte) error {
	r := reader{b: v}
	of, obeyed := h.restoredChip(&r), r.value()
	if of == nil || r.err != nil {
		return errEntry
	}
	of.obeyed = obeyed == 1
	return nil
}

// restoredChip is the chip of the card with which a record begins; nil for none.
func (h *Host) restoredChip(r *reader) *issuedChip {
	card := r.value()
	if r.err != nil || card >= uint64(h.books.UnknownCards()) {
		return nil
	}
	req := Request{}
	req.record.Card = book.Card(card)
	return h.chipOf(&req)
}

func (h *Host) restoreCode(v []byte) error {
	r := reader{b: v}
	code := dialect.OneTimeCode{Payer: uint32(r.value()), Second: uint32(r.value()), Number: uint32(r.value())}
	at := r.value()
	if r.err == nil {
		h.orders.Codes.Use(code, int64(at))
	}
	return r.err
}

func (h *Host) restoreSpent(v []byte) error {
	r := reader{b: v}
	payer, amount, day := r.value(), r.value(), r.value()
	if r.err == nil {
		h.orders.Codes.Spent(int32(payer), int64(amount), uint32(day))
	}
	return r.err
}

// noteChip notes that the chip of the request has paid with its counter.
func (h *Host) noteChip(req *Request, index byte, counter uint16, cryptogram uint64, fresh bool) {
	was := uint64(0)
	if fresh {
		was = 1
	}
	h.note(req, chipUsed, uint64(req.chipCard()), uint64(index), uint64(counter), cryptogram, was)
}
