package host

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/host/book"
	"github.com/posfleet/posfleet/sim/host/store"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
)

// DataFile is the file of a host's data in its folder.
const DataFile = "books.db"

// WithData has the host keep what it knows in a folder, which is made if it is not there,
// and take over what is in it: what a request or one of the bank's people ([Host.Change])
// has changed is on disk before it is answered. While the disk does not take what must be
// kept, the host declines (96) and changes nothing. CloseData ends it.
func WithData(folder string) Option {
	return func(h *Host) error {
		h.journal.folder = folder
		return nil
	}
}

// journal is what a host keeps: an entry for each request, or doing of the bank's people,
// that has changed something, of records of many kinds.
type journal struct {
	folder string       // empty for a host that forgets
	store  *store.Store // nil for one

	// Requests are answered while it is held for reading. The bank's people do what they do
	// while nothing else happens: so the journal's order is the order in which it was.
	ordered sync.RWMutex

	people sync.Mutex    // what people and terminals change together is taken, and written, by one at a time
	latest atomic.Uint64 // number of the latest entry with some of that
	menu   *profile.Menu // that was kept last
	notes  []byte        // records of what people did at the host itself
	closed bool          // ordered guards it
	copied sync.Mutex    // while a backup is made and taken
}

// openData opens the data before the host serves.
func (h *Host) openData() error {
	if err := os.MkdirAll(h.journal.folder, 0o700); err != nil {
		return err
	}
	var serial uint64
	var broken *keys.HSMError
	s, err := store.Open(filepath.Join(h.journal.folder, DataFile), h.identity(), func(entry []byte) error {
		highest, err := h.restore(entry)
		serial = max(serial, highest)
		broken, _ = errors.AsType[*keys.HSMError](err)
		return err
	})
	switch {
	case broken != nil: // and not the file
		return broken
	case err != nil:
		return err
	}
	if err := h.books.Check(); err != nil {
		return errors.Join(fmt.Errorf("%w: %w", store.ErrTorn, err), s.Close())
	}
	left, _ := filepath.Glob(filepath.Join(h.journal.folder, copies)) // by a host that was killed meanwhile
	for _, name := range left {
		os.Remove(name)
	}
	h.serial.Store(serial)
	h.books.Keep()
	h.orders.Keep()
	h.merchants.Keep()
	h.staff.Keep()
	h.journal.store, h.journal.menu = s, h.orders.Menu()
	if h.orders.Renamed() { // the profile's menu is another than that of the orders before
		h.noteAll(&h.journal.notes, menuSold, h.orders.Menu())
		if _, err := h.alone(func() {}); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	if s.Cut {
		h.log.add(notice{what: "the last write to the data was torn, and is cut: nothing in it had been answered", where: "(" + filepath.Join(h.journal.folder, DataFile) + ")"})
	}
	h.server.Delays = true // who waits for the disk holds up nobody else: a goroutine each
	return nil
}

// CloseData writes what waits and closes the file, when the host does not serve any more.
func (h *Host) CloseData() error {
	j := &h.journal
	if j.store == nil {
		return nil
	}
	j.ordered.Lock()
	defer j.ordered.Unlock()
	if j.closed {
		return nil
	}
	j.closed = true
	return j.store.Close()
}

// Why there is no backup.
var (
	ErrNoData = errors.New("the host keeps no data")
	ErrCopied = errors.New("another backup is under way")
)

// copies are what backups are called until they have been taken.
const copies = "backup-*"

// Backup writes a copy of the file of the host's data as it is at a moment, while the host
// goes on: all that was answered before is in it. A host that is started with the copy in
// its folder goes on from there. The copy is made beside the file first, so that nobody
// waits for who takes it; until then nothing has been written. There is one at a time.
func (h *Host) Backup(to io.Writer) error {
	if h.journal.store == nil {
		return ErrNoData
	}
	if !h.journal.copied.TryLock() {
		return ErrCopied
	}
	defer h.journal.copied.Unlock()
	f, err := os.CreateTemp(h.journal.folder, copies)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := h.journal.store.Backup(f); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(to, f)
	return err
}

// Change does what one of the bank's people does, while no request is answered. Where data
// are kept, what it has changed is on disk when Change returns nil; store.ErrFailing says
// that the disk did not take it, and then it may be there later all the same.
func (h *Host) Change(do func()) error {
	if h.journal.store != nil && h.journal.store.Failing() {
		return store.ErrFailing
	}
	number, err := h.alone(do)
	if number == 0 || err != nil {
		return err
	}
	return h.journal.store.Wait(number)
}

// alone does something while no request is answered, and has what it has changed written; it
// gives the number of that, 0 for nothing.
func (h *Host) alone(do func()) (number uint64, err error) {
	j := &h.journal
	if j.store == nil {
		do()
		return 0, nil
	}
	j.ordered.Lock()
	defer j.ordered.Unlock()
	do()
	entry := h.appendPeople(nil)
	if len(entry) == 0 {
		return 0, nil
	}
	return j.store.Append(entry)
}

// applyKept is applyRules of a host that keeps data.
func (h *Host) applyKept(req *Request) bool {
	j := &h.journal
	if j.store.Failing() {
		req.now = h.clock.stamp(req.arrived.Unix())
		req.serial = h.serial.Add(1)
		if req.Transaction, req.Known = h.dialect.Classify(req.Message); req.Transaction != dialect.Echo {
			h.reply(req, malfunction)
			return true
		}
	}
	j.ordered.RLock()
	defer j.ordered.RUnlock()
	answers := h.applyRules(req)
	if req.terminal == nil && req.withPeople { // it was not let in, and that counts
		h.keep(req)
	}
	return answers
}

// keep has what the request has changed written. Its terminal, if there is one, is locked.
func (h *Host) keep(req *Request) {
	b := req.notes
	if t := req.terminal; t != nil {
		if changes := t.TakeChanges(); len(changes) > 0 {
			b = appendNumbered(b, bookChanged, req.number, changes)
		}
		if d := h.orders.Used(req.number); d != nil {
			for _, o := range d.TakeChanges() {
				b = appendRecord(b, orderChanged, o)
			}
		}
	}
	if req.renewed {
		b = appendNumbered(b, sessionChanged, req.number, appendSession(nil, h.sessions[req.number]))
	}
	req.notes, req.renewed = b[:0], false
	j, withPeople := &h.journal, req.withPeople
	if req.withPeople = false; withPeople {
		j.people.Lock()
		defer j.people.Unlock()
		before := len(b)
		if b = h.appendPeople(b); len(b) == before {
			req.kept = max(req.kept, j.latest.Load()) // another request has taken it
		}
	}
	if len(b) == 0 {
		return
	}
	n, err := j.store.Append(b)
	if req.kept = max(req.kept, n); err != nil {
		req.kept = ^uint64(0) // never on disk
	}
	if withPeople {
		j.latest.Store(n)
	}
}

// takeBack declines a request of which the disk has not taken what it changed. A payment is
// undone: the terminal will not know of it. What else it changed stays, for the terminal
// will ask again.
func (h *Host) takeBack(req *Request) {
	h.journal.ordered.RLock()
	defer h.journal.ordered.RUnlock()
	if t := req.terminal; t != nil {
		t.Lock()
		defer t.Unlock()
		if r := t.Answered(req.serial); r != nil && r.State == book.Approved && h.books.Reverse(t, r, uint32(req.now.unix)) {
			h.unpaid(req, r)
		}
		h.keep(req)
	}
	if req.Known && req.Transaction.Payment() {
		h.tell(req, malfunction)
		return
	}
	req.key = nil
	h.reply(req, malfunction)
}
