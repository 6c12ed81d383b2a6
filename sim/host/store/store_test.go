package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// opened opens a store and gives what is in it.
func opened(t testing.TB, path string) (*Store, []string) {
	t.Helper()
	var all []string
	s, err := Open(path, "me", func(e []byte) error { all = append(all, string(e)); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return s, all
}

func add(t testing.TB, s *Store, entry string) {
	t.Helper()
	n, err := s.Append([]byte(entry))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(n); err != nil {
		t.Fatal(err)
	}
}

func TestEntriesComeBackInOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, _ := opened(t, path)
	var wg sync.WaitGroup
	for g := range 20 {
		wg.Go(func() {
			for i := range 50 {
				add(t, s, fmt.Sprintf("%02d %02d", g, i))
			}
		})
	}
	wg.Wait()
	if _, err := Open(path, "me", nil); !errors.Is(err, ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	{
		s, all := opened(t, path)
		next := map[string]int{}
		for _, e := range all {
			if want := fmt.Sprintf("%s %02d", e[:2], next[e[:2]]); e != want {
				t.Fatalf("%q comes where %q should", e, want)
			}
			next[e[:2]]++
		}
		if len(all) != 1000 {
			t.Errorf("%d entries came back of 1000", len(all))
		}
		s.Close()
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
}

// A disk that refuses is told to those who wait, and what it refused comes there, in order
// and once, when it takes it.
func TestFullDiskIsToldAndRecovers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, _ := opened(t, path)
	add(t, s, "one")
	var mu sync.Mutex
	full := errors.New("no space left")
	refuse := full
	s.mu.Lock()
	s.write = func(first uint64, entries [][]byte) error {
		mu.Lock()
		defer mu.Unlock()
		if refuse != nil {
			return refuse
		}
		return s.put(first, entries)
	}
	s.mu.Unlock()
	n, err := s.Append([]byte("two"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(n); !errors.Is(err, ErrFailing) || !errors.Is(err, full) {
		t.Errorf("of a full disk: %v", err)
	}
	if !s.Failing() {
		t.Error("a full disk is not failing")
	}
	mu.Lock()
	refuse = nil
	mu.Unlock()
	for s.Failing() {
		time.Sleep(10 * time.Millisecond)
	}
	add(t, s, "three")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, all := opened(t, path); fmt.Sprint(all) != "[one two three]" {
		t.Errorf("%v came back", all)
	}
}

func TestSlowDiskIsTold(t *testing.T) {
	s, _ := opened(t, filepath.Join(t.TempDir(), "db"))
	s.Slow = time.Millisecond
	held := make(chan struct{})
	s.mu.Lock()
	s.write = func(first uint64, entries [][]byte) error { <-held; return s.put(first, entries) }
	s.mu.Unlock()
	n, _ := s.Append([]byte("one"))
	if err := s.Wait(n); !errors.Is(err, ErrFailing) {
		t.Errorf("of a slow disk: %v", err)
	}
	if !s.Failing() {
		t.Error("a slow disk is not failing")
	}
	s.Slow = time.Hour
	close(held)
	if err := s.Wait(n); err != nil {
		t.Error(err)
	}
	s.Close()
}

func TestTornAndForeignFilesAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, _ := opened(t, path)
	for i := range 2000 {
		if _, err := s.Append(fmt.Appendf(nil, "%0100d", i)); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	used := bytes.LastIndexFunc(good, func(r rune) bool { return r != 0 })
	flipped := bytes.Clone(good)
	var copies []int // of one entry: a page that was written anew leaves its old one behind
	for end := len(flipped); ; {
		at := bytes.LastIndex(flipped[:end], fmt.Appendf(nil, "%0100d", 1007))
		if at < 0 {
			break
		}
		copies, end = append(copies, at), at
	}
	for _, at := range copies {
		flipped[at+50] ^= 1
	}
	for what, c := range map[string]struct {
		data []byte
		want error
	}{
		"text":          {bytes.Repeat([]byte("hello "), 10_000), ErrForeign},
		"a few octets":  {[]byte("hello"), ErrForeign},
		"nothing":       {nil, ErrTorn}, // never new books where there were some
		"its half":      {good[:used/2], ErrTorn},
		"most of it":    {good[:used*9/10], ErrTorn},
		"a flipped bit": {flipped, ErrTorn},
	} {
		torn := filepath.Join(t.TempDir(), "torn")
		if err := os.WriteFile(torn, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(torn, "me", func([]byte) error { return nil })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "runtime error") {
			t.Errorf("%s: %v: that is no reason for people", what, err)
		}
		if err != nil && (what == "its half" || what == "most of it") && !strings.Contains(err.Error(), fmt.Sprintf("cut short at octet %d", len(c.data))) {
			t.Errorf("%s: %v does not say where it was cut", what, err)
		}
		if err != nil && what == "a flipped bit" {
			var entry, offset int
			if _, text, _ := strings.Cut(err.Error(), "entry "); text == "" {
				t.Errorf("%v names no entry", err)
			} else if fmt.Sscanf(text, "%d at octet %d", &entry, &offset); !slices.ContainsFunc(copies, func(at int) bool {
				return at-40 <= offset && offset <= at+1
			}) {
				t.Errorf("%v: the flipped bit is in the entry at octet %v", err, copies)
			}
		}
		if s != nil {
			s.Close()
		}
	}
	if _, err := Open(path, "you", func([]byte) error { return nil }); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "of other you") {
		t.Errorf("another's: %v", err)
	}
}

// Damage may leave of an entry no value, whose place would be no place in the file.
func TestDamagedEntryIsNowhereElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, _ := opened(t, path)
	for range 3 {
		add(t, s, "an entry")
	}
	err := s.db.Update(func(tx *bbolt.Tx) error { // the second is a bucket
		log, key := tx.Bucket(logBucket), binary.BigEndian.AppendUint64(nil, 2)
		if err := log.Delete(key); err != nil {
			return err
		}
		_, err := log.CreateBucket(key)
		return err
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(path, "me", func([]byte) error { return nil })
	if !errors.Is(err, ErrTorn) || !strings.Contains(err.Error(), "entry 2 ") {
		t.Fatalf("%v", err)
	}
	var at int64
	if _, text, is := strings.Cut(err.Error(), "at octet "); is {
		if fmt.Sscan(text, &at); at <= 0 || at >= info.Size() {
			t.Errorf("%v: the file has %d octets", err, info.Size())
		}
	}
}

// A copy of the file that was put in place, as curl writes one, is its owner's alone again.
func TestCopyIsForItsOwner(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("has no such modes")
	}
	path := filepath.Join(t.TempDir(), "db")
	s, _ := opened(t, path)
	add(t, s, "an entry")
	if err := errors.Join(s.Close(), os.Chmod(path, 0o644)); err != nil {
		t.Fatal(err)
	}
	s, _ = opened(t, path)
	defer s.Close()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestAnotherSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, _ := opened(t, path)
	err := s.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(metaBucket).Put(schemaKey, binary.BigEndian.AppendUint64(nil, Schema+1))
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, "me", nil); !errors.Is(err, ErrSchema) {
		t.Errorf("a later schema: %v", err)
	}
}

// What a power cut tears is the last write, which nobody was told of: it is cut, and told.
// Everything before is there, and entries go on after it.
func TestTornLastWriteIsCutAndTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, _ := opened(t, path)
	add(t, s, "one")
	add(t, s, "two")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	add(t, s, "three")
	s.Close()
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	heads := func(of []byte) []byte { return of[:2*page] } // where each write ends
	noHead := append(bytes.Clone(heads(before)), after[2*page:]...)
	torn := bytes.Clone(after)
	for at := range 2 * page { // half of the octets that the last write has changed there
		if after[at] != before[at] && at%2 == 0 {
			torn[at] = before[at]
		}
	}
	for what, c := range map[string]struct {
		data []byte
		all  string
		cut  bool
	}{
		"whole":                {after, "[one two three]", false},
		"before its last page": {noHead, "[one two]", false},
		"in its last page":     {torn, "[one two]", true},
	} {
		path := filepath.Join(t.TempDir(), "torn")
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, all := opened(t, path)
		if fmt.Sprint(all) != c.all || s.Cut != c.cut {
			t.Errorf("torn %s: %v came back, cut %t, want %s, %t", what, all, s.Cut, c.all, c.cut)
		}
		add(t, s, "four")
		s.Close()
		again, all := opened(t, path)
		if want := strings.TrimSuffix(c.all, "]") + " four]"; fmt.Sprint(all) != want || again.Cut {
			t.Errorf("torn %s, and gone on: %v came back, want %s", what, all, want)
		}
		again.Close()
	}
}

// A copy is of a moment, whatever comes meanwhile.
func TestBackupIsOfAMoment(t *testing.T) {
	s, _ := opened(t, filepath.Join(t.TempDir(), "db"))
	defer s.Close()
	s.Slow = time.Hour
	add(t, s, "one")
	copied := filepath.Join(t.TempDir(), "copy")
	f, err := os.Create(copied)
	if err != nil {
		t.Fatal(err)
	}
	var after sync.WaitGroup // it may have to wait for the copy
	if err := s.Backup(&during{f, func() { after.Go(func() { add(t, s, "two") }) }}); err != nil {
		t.Fatal(err)
	}
	after.Wait()
	f.Close()
	again, all := opened(t, copied)
	defer again.Close()
	if fmt.Sprint(all) != "[one]" {
		t.Errorf("the copy has %v, want what was there when it began", all)
	}
}

// during does something once, while it is written to.
type during struct {
	io.Writer
	do func()
}

func (w *during) Write(b []byte) (int, error) {
	if w.do != nil {
		w.do()
		w.do = nil
	}
	return w.Writer.Write(b)
}

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 256} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			s, _ := opened(b, filepath.Join(b.TempDir(), "db"))
			defer s.Close()
			entry := bytes.Repeat([]byte{1}, 60)
			b.SetParallelism(writers)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					n, _ := s.Append(entry)
					if err := s.Wait(n); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
