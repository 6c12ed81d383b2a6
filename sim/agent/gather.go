package agent

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// came takes a part of a file that an agent has sent. It goes where it belongs, once,
// however often it comes: a file is as long as what of it has come. What is not of this
// run is passed over.
func (r *Controller) came(m jetstream.Msg) {
	h := m.Headers()
	s, name, offset, err := partOf(h.Get(headerShare), h.Get(headerFile), h.Get(headerOffset))
	data, bad := r.conn.creds.open(where(h), m.Data())
	if err = errors.Join(err, bad); err != nil || s.Index >= r.of {
		_ = m.Term()
		return
	}
	dir := r.folder(s)
	path := dir + "/" + name
	r.mu.Lock()
	err = r.append(dir, path, offset, data)
	if ahead, is := errors.AsType[*gapError](err); is {
		if err = r.awaited(ahead); err == nil {
			r.mu.Unlock()
			return // it comes again, as does what was on its way when a node or a line failed
		}
	} else {
		delete(r.gaps, path)
		r.last = time.Now()
	}
	heard := r.heard
	r.mu.Unlock()
	if heard != nil && err == nil {
		heard(s, name, data)
	}
	r.change(func() {
		if err != nil && r.err == nil {
			r.err = fmt.Errorf("results of agent %d: %w", s.Index+1, err)
		}
	})
	if err == nil {
		_ = m.Ack()
	}
}

// append adds to a file what it does not have yet. The lock is held.
func (r *Controller) append(dir, path string, offset int64, data []byte) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	switch length := info.Size(); {
	case offset > length:
		return &gapError{path, length, offset}
	case offset+int64(len(data)) <= length:
		return nil // it came before
	}
	_, err = f.WriteAt(data, offset)
	return err
}

// gapError is that a part of a file came before the one that goes before it.
type gapError struct {
	path     string
	from, to int64
}

func (e *gapError) Error() string {
	return fmt.Sprintf("%s: octets %d to %d are missing", e.path, e.from, e.to)
}

// absent is how long what is missing may take to come before it is held to be lost.
const absent = 2 * time.Minute

// awaited gives a gap as an error once it has been waited for too long. The lock is held.
func (r *Controller) awaited(gap *gapError) error {
	since, known := r.gaps[gap.path]
	if !known {
		since = time.Now()
		r.gaps[gap.path] = since
	}
	if time.Since(since) < absent {
		return nil
	}
	return gap
}

// overdue has what is missing of ended shares told, when nothing more comes to a
// controller that is connected.
func (r *Controller) overdue(connected bool) {
	r.change(func() {
		if !connected {
			r.last = time.Now()
		}
		if time.Since(r.last) < absent {
			return
		}
		for i := range r.all {
			if p := &r.all[i]; p.State == Ended && r.err == nil {
				if gap := p.missing(); gap != nil {
					r.err = fmt.Errorf("results of agent %d: %w", p.Index+1, gap)
				}
			}
		}
	})
}

// Whole reports whether all that an ended part has sent is here.
func (p *Part) Whole() bool { return p.missing() == nil }

// missing is what of the files that an ended part has sent is not here; nil for nothing.
func (p *Part) missing() error {
	for name, n := range p.Files {
		path := p.Folder + "/" + name
		var length int64
		if info, err := os.Stat(path); err == nil {
			length = info.Size()
		}
		if length < n {
			return &gapError{path, length, n}
		}
	}
	return nil
}

// fileName is what files that agents send may be called.
var fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9]+)?$`)

// partOf reads which part of which file of which share a message is.
func partOf(share, file, offset string) (s Share, name string, at int64, err error) {
	index, attempt, _ := strings.Cut(share, ".")
	if s.Index, err = strconv.Atoi(index); err != nil || s.Index < 0 {
		return s, "", 0, fmt.Errorf("share %q", share)
	}
	if s.Attempt, err = strconv.Atoi(attempt); err != nil || s.Attempt < 1 {
		return s, "", 0, fmt.Errorf("share %q", share)
	}
	if !fileName.MatchString(file) {
		return s, "", 0, fmt.Errorf("file %q", file)
	}
	if at, err = strconv.ParseInt(offset, 10, 64); err != nil || at < 0 {
		return s, "", 0, fmt.Errorf("offset %q", offset)
	}
	return s, file, at, nil
}
