package host

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/host/store"
	"github.com/posfleet/posfleet/sim/keys"
)

// DataFile is the file of a host's data in its folder.
const DataFile = "books.db"

// WithData has the host keep its books and its terminals' sessions in a folder, which is made
// if it is not there, and take over what is in it: what it approves is on disk before its
// answer leaves. While the disk does not take what must be kept, the host declines (96) and
// changes nothing. CloseData ends it.
func WithData(folder string) Option {
	return func(h *Host) error {
		h.data = folder
		return nil
	}
}

// openData opens the data before the host serves.
func (h *Host) openData(folder string) error {
	if h.dialect.DUKPT != keys.NoDUKPT {
		return fmt.Errorf("dialect %s has DUKPT, and the counters of its keys are not kept", h.dialect.Name)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	var serial uint64
	s, err := store.Open(filepath.Join(folder, DataFile), h.identity(), func(entry []byte) error {
		highest, err := h.restore(entry)
		serial = max(serial, highest)
		return err
	})
	if err != nil {
		return err
	}
	if err := h.books.Check(); err != nil {
		return errors.Join(fmt.Errorf("%w: %w", store.ErrTorn, err), s.Close())
	}
	h.serial.Store(serial)
	h.books.Keep()
	h.store = s
	h.server.Delays = true // who waits for the disk holds up nobody else: a goroutine each
	return nil
}

// CloseData writes what waits and closes the file, when the host does not serve any more.
func (h *Host) CloseData() error {
	if h.store == nil {
		return nil
	}
	s := h.store
	h.store = nil
	return s.Close()
}

// identity tells hosts apart whose data would not fit each other: of other terminals, cards
// or opening balances.
func (h *Host) identity() string {
	sum := sha256.New()
	p := h.profile
	fmt.Fprintln(sum, p.Dialect.Name, len(p.Terminals), len(p.Stock), len(p.Cards))
	for i := range len(p.Terminals) + len(p.Stock) {
		e := h.books.Entry(i)
		fmt.Fprintf(sum, "%s %s %x\n", e.TID, e.MID, []byte(e.Master))
	}
	for i := range p.Cards {
		for _, holder := range p.Holders(p.Cards[i].Role) {
			fmt.Fprintln(sum, holder.PAN == "", len(holder.Code), p.Cards[i].Role, p.Cards[i].Balance)
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// What an entry of the store begins with, after the terminal's number.
const (
	sameSession byte = iota
	newSession
)

// keep has what the request has changed written. The terminal is locked.
func (h *Host) keep(req *Request) {
	changes := req.terminal.TakeChanges()
	if len(changes) == 0 && !req.renewed {
		return
	}
	b := binary.AppendUvarint(make([]byte, 0, 64+len(changes)), uint64(req.number))
	if req.renewed {
		b = appendSession(append(b, newSession), h.sessions[req.number])
	} else {
		b = append(b, sameSession)
	}
	n, err := h.store.Append(append(b, changes...))
	if req.kept = n; err != nil {
		req.kept = ^uint64(0) // never on disk
	}
	req.renewed = false
}

// appendSession writes a session: its keys as its sign-in gave them, under the terminal's
// master key.
func appendSession(b []byte, s *session) []byte {
	signedIn := byte(0)
	if s.signedIn {
		signedIn = 1
	}
	b = append(b, signedIn, s.operator[0], s.operator[1])
	b = binary.AppendUvarint(b, uint64(s.trace))
	b = append(binary.AppendUvarint(b, uint64(len(s.mode))), s.mode...)
	return append(binary.AppendUvarint(b, uint64(len(s.block))), s.block...)
}

var errEntry = errors.New("it is not of this host")

// restore does an entry of the store again, and gives the highest serial number in it.
func (h *Host) restore(entry []byte) (serial uint64, err error) {
	number, n := binary.Uvarint(entry)
	if n <= 0 || n >= len(entry) || number >= uint64(len(h.sessions)) {
		return 0, errEntry
	}
	has, rest := entry[n], entry[n+1:]
	if has == newSession {
		if rest, err = h.restoreSession(int(number), rest); err != nil {
			return 0, err
		}
	}
	return h.books.Redo(int(number), rest)
}

// restoreSession reads a session, and gives what follows it.
func (h *Host) restoreSession(number int, b []byte) (rest []byte, err error) {
	if len(b) < 4 {
		return nil, errEntry
	}
	s := &session{signedIn: b[0] == 1, operator: [2]byte{b[1], b[2]}}
	b = b[3:]
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			err, b = errEntry, nil
			return 0
		}
		b = b[n:]
		return v
	}
	octets := func() []byte {
		n := next()
		if n > uint64(len(b)) {
			err = errEntry
			return nil
		}
		v := b[:n:n]
		b = b[n:]
		return v
	}
	s.trace = uint32(next())
	s.mode = keys.KeyBlock(octets())
	if block := octets(); len(block) > 0 && err == nil {
		s.block = append([]byte(nil), block...)
		if s.keys, err = keys.Unwrap(h.profile.HSM, h.books.Entry(number).Master, s.mode, s.block); err != nil {
			return nil, err
		}
	}
	h.sessions[number] = s
	return b, err
}

// takeBack declines a request of which the disk has not taken what it changed. A payment is
// undone: the terminal will not know of it. What else it changed stays, for the terminal
// will ask again.
func (h *Host) takeBack(req *Request) {
	t := req.terminal
	t.Lock()
	defer t.Unlock()
	if r := t.Answered(req.serial); r != nil && r.State == book.Approved && h.books.Reverse(t, r, uint32(req.now.unix)) {
		h.unpaid(req, r)
	}
	h.keep(req)
	if req.Known && req.Transaction.Payment() {
		h.tell(req, malfunction)
		return
	}
	req.key = nil
	h.reply(req, malfunction)
}
