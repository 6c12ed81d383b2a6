package host

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
)

// taker does something when a backup is written to it.
type taker func()

func (do taker) Write(b []byte) (int, error) {
	do()
	return len(b), nil
}

// A copy that is made while terminals pay is a host's data as they were at a moment.
func TestBackupWhileTerminalsPayIsOfAMoment(t *testing.T) {
	h := keeps(t, bench("cup"), t.TempDir())
	h.journal.store.Slow = time.Hour
	address := serveHost(t, h)
	p, other := ready(t, h, address, 0), ready(t, h, address, 1)
	for range 10 {
		p.want("00", dialect.Purchase, amount(100), shows("good"))
	}
	stop, stopped := make(chan struct{}), make(chan int, 1)
	go func() {
		n := 0
		defer func() { stopped <- n }()
		for ; ; n++ {
			select {
			case <-stop:
				return
			default:
				if other.do(dialect.Purchase, amount(7), shows("rich")) != "00" {
					t.Error("a payment is declined while a copy is made")
				}
			}
		}
	}()
	folder := t.TempDir()
	f, err := os.Create(filepath.Join(folder, DataFile))
	if err != nil {
		t.Fatal(err)
	}
	err = h.Backup(f)
	close(stop)
	paid := <-stopped
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(h.journal.folder, "*")); len(left) != 1 {
		t.Errorf("the copy is left beside the file: %v", left)
	}
	again := keeps(t, h.profile, folder)
	if err := again.Check(); err != nil {
		t.Error(err)
	}
	if got := bookOf(again, p.entry.TID); got != bookOf(h, p.entry.TID) || got.DebitN != 10 {
		t.Errorf("the copy has %+v of what was answered before, want %+v", got, bookOf(h, p.entry.TID))
	}
	if got := bookOf(again, other.entry.TID); got.DebitN > paid || got.Debit != int64(7*got.DebitN) {
		t.Errorf("the copy has %+v of %d payments", got, paid)
	}
	left := filepath.Join(h.journal.folder, "backup-1")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h.CloseData()
	keeps(t, h.profile, h.journal.folder)
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed host has left of a copy stays")
	}
	if err := again.Backup(taker(func() {
		if err := again.Backup(f); !errors.Is(err, ErrCopied) {
			t.Errorf("a second backup at a time: %v", err)
		}
	})); err != nil {
		t.Error(err)
	}
	if err := (&Host{}).Backup(f); !errors.Is(err, ErrNoData) {
		t.Errorf("of a host without data: %v", err)
	}
}
