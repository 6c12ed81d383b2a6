package agent

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

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
		return fmt.Errorf("%s: octets %d to %d are missing", path, length, offset)
	case offset+int64(len(data)) <= length:
		return nil // it came before
	}
	_, err = f.WriteAt(data, offset)
	return err
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
