package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// chunk is how many octets of a file go in one message: NATS takes a mebibyte.
const chunk = 256 << 10

// Headers of a message that is part of a file.
const (
	headerShare  = "Posfleet-Share" // index and attempt
	headerFile   = "Posfleet-File"
	headerOffset = "Posfleet-Offset" // of the part in the file
)

// sender sends a folder's files, part by part, each once: what it has not heard the
// cluster take it sends again, under the same message id and the same offset. It
// never holds up who writes: it reads what has been written, when there is time.
type sender struct {
	conn  *Conn
	share Share
	wake  chan struct{} // holds one

	mu    sync.Mutex // guards what follows, and one part is sent at a time
	dir   string
	grows []string
	sent  map[string]int64 // octets of each growing file
	err   error
}

func newSender(c *Conn, s Share) *sender {
	return &sender{conn: c, share: s, wake: make(chan struct{}, 1), sent: map[string]int64{}}
}

func (s *sender) follow(dir string, grows []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dir, s.grows = dir, grows
}

func (s *sender) grown() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run sends the growing files as they grow.
func (s *sender) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		s.mu.Lock()
		s.err = s.rest(ctx)
		s.mu.Unlock()
	}
}

// rest sends what the growing files have gained. The lock is held.
func (s *sender) rest(ctx context.Context) (err error) {
	for _, name := range s.grows {
		if s.sent[name], err = s.parts(ctx, name, name, s.sent[name]); err != nil {
			return err
		}
	}
	return nil
}

// end sends the rest of the growing files and all of the others. It gives the length
// of each.
func (s *sender) end(ctx context.Context, files []string) (map[string]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.rest(ctx)
	if err != nil {
		return nil, err
	}
	lengths := maps.Clone(s.sent)
	for _, name := range files {
		if lengths[name], err = s.parts(ctx, name, name, 0); err != nil {
			return nil, err
		}
	}
	return lengths, nil
}

// put sends a file as it is now.
func (s *sender) put(ctx context.Context, file, as string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.parts(ctx, file, as, 0)
	return err
}

// parts sends a file from an offset to where it ends now.
func (s *sender) parts(ctx context.Context, name, as string, from int64) (to int64, err error) {
	f, err := os.Open(filepath.Join(s.dir, name))
	if err != nil {
		return from, fmt.Errorf("send results: %w", err)
	}
	defer f.Close()
	part := make([]byte, chunk)
	for {
		n, err := f.ReadAt(part, from)
		if n > 0 {
			if err := s.part(ctx, as, from, part[:n]); err != nil {
				return from, fmt.Errorf("send results: %w", err)
			}
			from += int64(n)
		}
		switch {
		case errors.Is(err, io.EOF):
			return from, nil
		case err != nil:
			return from, fmt.Errorf("send results: %w", err)
		}
	}
}

func (s *sender) part(ctx context.Context, name string, offset int64, data []byte) error {
	m := nats.NewMsg(s.conn.subject(fmt.Sprintf("result.%d", s.share.Index)))
	share := fmt.Sprintf("%d.%d", s.share.Index, s.share.Attempt)
	m.Header.Set(headerShare, share)
	m.Header.Set(headerFile, name)
	m.Header.Set(headerOffset, strconv.FormatInt(offset, 10))
	m.Data = s.conn.creds.seal(where(m.Header), data)
	id := fmt.Sprintf("%s-%s-%d", share, name, offset)
	return retry(ctx, patience, func(ctx context.Context) error {
		_, err := s.conn.js.PublishMsg(ctx, m, jetstream.WithMsgID(id))
		return err
	})
}

// where is what a part is sealed to.
func where(h nats.Header) string {
	return "result " + h.Get(headerShare) + " " + h.Get(headerFile) + " " + h.Get(headerOffset)
}
