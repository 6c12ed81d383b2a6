// Package store keeps what a host must not forget in one file, on disk before the host
// says so.
//
// A [Store] is a log in a bbolt database: whoever has changed something appends an entry and
// waits until it is on disk. Entries that come while the disk is at work are written
// together by its next write (group commit). [Open] gives what is there, in order, to be
// done again. What an entry says is its writer's.
package store

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"io"
	"io/fs"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unsafe"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Schema is the version of what the file holds: another one is refused.
const Schema = 3

// Bounds.
const (
	mostEntry   = 32 << 20               // octets
	mostWaiting = 64 << 20               // octets of entries that the disk has not taken
	lockWait    = time.Second            // for another process to let the file go
	retry       = 100 * time.Millisecond // after the disk has refused
)

// Errors of files and disks.
var (
	ErrForeign = errors.New("it is no store of posfleet")
	ErrTorn    = errors.New("it is torn")
	ErrInUse   = errors.New("another process has it open")
	ErrFailing = errors.New("the disk does not take what must be kept")
	ErrSchema  = errors.New("it has another schema")
)

var (
	metaBucket  = []byte("meta")
	logBucket   = []byte("log")
	schemaKey   = []byte("schema")
	belongsKey  = []byte("belongs")
	castagnoli  = crc32.MakeTable(crc32.Castagnoli)
	errTooLarge = fmt.Errorf("an entry has more than %d octets", mostEntry)
)

// Store is an open file. Any number of goroutines may use it.
type Store struct {
	db *bbolt.DB
	// Slow is how long a write may take until those who wait are told that it fails. Set
	// before the first Append.
	Slow time.Duration

	mu      sync.Mutex
	wake    *sync.Cond    // the writer
	waiting [][]byte      // entries not on disk yet, the first of which is number done+1
	octets  int           // of them
	written uint64        // entries on disk
	since   time.Time     // when the oldest that waits began to; zero for none
	failed  error         // what the disk said last; nil when it took it
	taken   uint64        // the last entry of the write under way
	current chan struct{} // closed when that has ended, for those who wait for what is in it
	next    chan struct{} // and the one after, for those whose entries come meanwhile
	closing bool
	writer  sync.WaitGroup

	// Cut says that the file's last write was torn, by a power cut say. It is as before that
	// write, of which nobody was told that it is on disk.
	Cut bool

	write func(first uint64, entries [][]byte) error // put's place in tests
}

// Open opens a file, or makes it, for its owner alone, and has each entry in it done again.
// belongs says whose it is, in lines that begin with what they are of: a file of another is
// refused with the first that differs.
func Open(path, belongs string, redo func(entry []byte) error) (s *Store, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // the database maps the file: one that is cut short faults
	defer func() {
		if recover() != nil {
			s, err = nil, fmt.Errorf("%w: a page of it is not as it was written", ErrTorn)
		}
	}()
	cut, err := whole(path)
	if err != nil {
		return nil, err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, ErrInUse
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum):
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	case err != nil:
		return nil, err
	}
	s = &Store{db: db, Cut: cut, Slow: 2 * time.Second, current: make(chan struct{}), next: make(chan struct{})}
	s.wake = sync.NewCond(&s.mu)
	s.write = s.put
	if err = s.own(belongs); err == nil {
		err = s.redo(redo)
	}
	if err == nil {
		err = forOwner(path)
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	s.writer.Go(s.writeAll)
	return s, nil
}

// forOwner takes a file from all but its owner: a copy that was put in place may be anybody's
// to read.
func forOwner(path string) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 || runtime.GOOS == "windows" {
		return err
	}
	return os.Chmod(path, 0o600)
}

// whole sees that a file that is there is as long as a new one at least, and whether its last
// write was torn: each write ends with one of the two pages that say where all else is, and
// the database goes by the other when that is not whole.
func whole(path string) (cut bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%w: it is not a file", ErrForeign)
	case info.Size() == 0: // of a copy that did not arrive, say: new books in its place would hide that the old ones are gone
		return false, fmt.Errorf("%w: it is empty", ErrTorn)
	case info.Size() < 4*int64(os.Getpagesize()):
		return false, fmt.Errorf("%w: it has %d octets", ErrForeign, info.Size())
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	first := metaAt(f, 0)
	second := metaAt(f, int64(cmp.Or(first.pageSize, uint32(os.Getpagesize()))))
	latest := first
	if !first.whole || second.whole && second.write > first.write {
		latest = second
	}
	if most := int64(math.MaxInt64); latest.whole && (latest.pages > uint64(most)/uint64(latest.pageSize) || int64(latest.pages)*int64(latest.pageSize) > info.Size()) {
		return false, fmt.Errorf("%w: it was cut short at octet %d: its last write tells of %d pages of %d octets", ErrTorn, info.Size(), latest.pages, latest.pageSize)
	}
	return !first.whole || !second.whole, nil
}

// What bbolt's pages of this kind have: 16 octets of any page, magic, version, the size of
// pages, flags, the root's page and sequence, the page of free ones, how many pages there
// are, the number of the write, and the FNV-1a of all that.
const (
	metaFrom, metaSize = 16, 64
	metaMagic          = 0xED0CDAED
)

// head is such a page.
type head struct {
	whole        bool
	pageSize     uint32 // octets, above 0 where it is whole
	pages, write uint64
}

// metaAt reads such a page.
func metaAt(f io.ReaderAt, at int64) head {
	var m [metaSize]byte
	if _, err := f.ReadAt(m[:], at+metaFrom); err != nil {
		return head{}
	}
	sum := fnv.New64a()
	sum.Write(m[:metaSize-8])
	of := binary.NativeEndian
	h := head{pageSize: of.Uint32(m[8:]), pages: of.Uint64(m[40:]), write: of.Uint64(m[48:])}
	if of.Uint32(m[:]) != metaMagic || of.Uint64(m[metaSize-8:]) != sum.Sum64() || h.pageSize == 0 {
		return head{}
	}
	h.whole = true
	return h
}

// own sees whose the file is, and makes a new one this host's.
func (s *Store) own(belongs string) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		if meta := tx.Bucket(metaBucket); meta != nil {
			schema, log := meta.Get(schemaKey), tx.Bucket(logBucket)
			switch {
			case len(schema) != 8 || log == nil:
				return ErrForeign
			case binary.BigEndian.Uint64(schema) != Schema:
				return fmt.Errorf("%w: %d, this posfleet reads %d", ErrSchema, binary.BigEndian.Uint64(schema), Schema)
			case string(meta.Get(belongsKey)) != belongs:
				return fmt.Errorf("%w: it was made with another profile, of other %s", ErrForeign, differing(string(meta.Get(belongsKey)), belongs))
			}
			return nil
		}
		if k, _ := tx.Cursor().First(); k != nil {
			return fmt.Errorf("%w: it is another program's database", ErrForeign)
		}
		meta, err := tx.CreateBucket(metaBucket)
		if err != nil {
			return err
		}
		_, err = tx.CreateBucket(logBucket)
		return errors.Join(err, meta.Put(schemaKey, binary.BigEndian.AppendUint64(nil, Schema)), meta.Put(belongsKey, []byte(belongs)))
	})
}

// differing is what the first line is of in which two say that they differ.
func differing(a, b string) string {
	of := strings.Split(a, "\n")
	for i, line := range strings.Split(b, "\n") {
		if i >= len(of) || of[i] != line {
			name, _, _ := strings.Cut(line, " ")
			return name
		}
	}
	return "parts"
}

// redo has all entries done again, whose numbers and check sums must be right. (The
// database's own check panics in a goroutine of its own, where nobody can catch it.)
func (s *Store) redo(redo func([]byte) error) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(logBucket).ForEach(func(k, v []byte) error {
			s.written++
			if len(k) != 8 || binary.BigEndian.Uint64(k) != s.written || len(v) < 4 || crc32.Checksum(v[4:], castagnoli) != binary.BigEndian.Uint32(v) {
				return fmt.Errorf("%w: entry %d%s is not as it was written", ErrTorn, s.written, s.offset(k, v))
			}
			if err := redo(v[4:]); err != nil {
				return fmt.Errorf("%w: entry %d%s: %w", ErrTorn, s.written, s.offset(k, v), err)
			}
			return nil
		})
	})
}

// offset says where in the file an entry is that the database gave; of a damaged one its key
// alone may be in it.
func (s *Store) offset(k, v []byte) string {
	for _, of := range [][]byte{v, k} {
		at := uintptr(unsafe.Pointer(unsafe.SliceData(of))) - s.db.Info().Data
		if info, err := os.Stat(s.db.Path()); len(of) > 0 && err == nil && at < uintptr(info.Size()) {
			return fmt.Sprintf(" at octet %d", at)
		}
	}
	return ""
}

// Backup writes a copy of the file as it is at a moment. Entries go on being written
// meanwhile, unless the file must be mapped anew for them, being twice as long as it was:
// those wait for the copy.
func (s *Store) Backup(to io.Writer) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(to)
		return err
	})
}

// Append has an entry written, after those before it, and gives its number for Wait.
func (s *Store) Append(entry []byte) (number uint64, err error) {
	if len(entry) > mostEntry {
		return 0, errTooLarge
	}
	v := make([]byte, 4, 4+len(entry))
	binary.BigEndian.PutUint32(v, crc32.Checksum(entry, castagnoli))
	v = append(v, entry...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return 0, ErrFailing
	}
	if len(s.waiting) == 0 {
		s.since = time.Now()
	}
	s.waiting = append(s.waiting, v)
	s.octets += len(v)
	s.wake.Signal()
	return s.written + uint64(len(s.waiting)), nil
}

// Wait waits until the entry of a number is on disk. ErrFailing says that the disk has
// refused it, or is too slow; it may come there later all the same.
func (s *Store) Wait(number uint64) error {
	var slow <-chan time.Time
	for {
		s.mu.Lock()
		done, failed, changed := s.written >= number, s.failed, s.next
		if number <= s.taken {
			changed = s.current
		}
		s.mu.Unlock()
		switch {
		case done:
			return nil
		case failed != nil:
			return fmt.Errorf("%w: %w", ErrFailing, failed)
		}
		if slow == nil {
			t := time.NewTimer(s.Slow)
			defer t.Stop()
			slow = t.C
		}
		select {
		case <-changed:
		case <-slow:
			return fmt.Errorf("%w: for %v", ErrFailing, s.Slow)
		}
	}
}

// Failing reports whether nothing more should be changed for now: the disk refuses, or it
// is too slow, or so much waits for it already.
func (s *Store) Failing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed != nil || s.octets > mostWaiting || !s.since.IsZero() && time.Since(s.since) > s.Slow
}

// writeAll writes what waits until the store is closed and nothing does.
func (s *Store) writeAll() {
	for {
		s.mu.Lock()
		for len(s.waiting) == 0 && !s.closing {
			s.wake.Wait()
		}
		batch, first, closing := s.waiting, s.written+1, s.closing
		s.taken = s.written + uint64(len(batch))
		s.current, s.next = s.next, make(chan struct{})
		s.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		err := s.write(first, batch)
		s.mu.Lock()
		s.failed = err
		if err == nil {
			for _, v := range batch {
				s.octets -= len(v)
			}
			s.written += uint64(len(batch))
			s.waiting = append([][]byte(nil), s.waiting[len(batch):]...)
			s.since = time.Time{}
			if len(s.waiting) > 0 {
				s.since = time.Now()
			}
		}
		close(s.current)
		s.mu.Unlock()
		if err != nil {
			if closing {
				return
			}
			time.Sleep(retry)
		}
	}
}

// put writes entries in one transaction, which is on disk when it returns.
func (s *Store) put(first uint64, entries [][]byte) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		log := tx.Bucket(logBucket)
		log.FillPercent = 1 // they come in order
		for i, v := range entries {
			if err := log.Put(binary.BigEndian.AppendUint64(nil, first+uint64(i)), v); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close writes what waits and closes the file. The error says what could not be written.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closing = true
	s.wake.Signal()
	s.mu.Unlock()
	s.writer.Wait()
	s.mu.Lock()
	left, failed := len(s.waiting), s.failed
	s.mu.Unlock()
	err := s.db.Close()
	if left > 0 {
		err = errors.Join(fmt.Errorf("%d entries could not be written: %w", left, failed), err)
	}
	return err
}
