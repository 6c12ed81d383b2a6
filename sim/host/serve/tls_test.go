package serve

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// secured has a server meet its peers over TLS, and gives what they need for that.
func secured(s *Server) *tls.Config {
	web := httptest.NewTLSServer(nil) // for its certificate
	web.Close()
	s.TLS = &tls.Config{Certificates: web.TLS.Certificates}
	return &tls.Config{RootCAs: web.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "127.0.0.1"}
}

// dialTLS gives a client, and the TCP connection that its records go over.
func dialTLS(t *testing.T, address string, config *tls.Config) (*client, *recorded) {
	t.Helper()
	c := dial(t, address)
	under := &recorded{Conn: c.Conn}
	c.Conn = tls.Client(under, config)
	c.reader = format.NewReader(c.Conn)
	return c, under
}

// recorded is a connection that may keep what is written, to be sent in other pieces.
type recorded struct {
	net.Conn
	keeps bool
	kept  []byte
}

func (r *recorded) Write(b []byte) (int, error) {
	if r.keeps {
		r.kept = append(r.kept, b...)
		return len(b), nil
	}
	return r.Conn.Write(b)
}

// send sends pieces, so that they come as such.
func (r *recorded) send(t *testing.T, pieces [][]byte) {
	t.Helper()
	for _, p := range pieces {
		if _, err := r.Write(p); err != nil {
			t.Fatal(err)
		}
		if len(p) > 1 {
			time.Sleep(2 * time.Millisecond)
		}
	}
}

func TestTLSAndPlainDoNotMix(t *testing.T) {
	s := limited(Limits{Message: 500 * time.Millisecond})
	config := secured(s)
	address := listen(t, s)
	plain := dial(t, address)
	plain.write(framed("plain"))
	plain.SetReadDeadline(time.Now().Add(patient))
	rest, err := io.ReadAll(plain)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a plain message got %v", err)
	}
	if len(rest) > 0 && rest[0] != 0x15 { // but for a TLS alert
		t.Errorf("a plain message got % X", rest)
	}
	c, _ := dialTLS(t, address, config)
	c.ask("under TLS")
	c.ask("and again")
}

// Records come in any pieces, several at once, and the first with the end of the
// handshake: each message is answered once, in its turn.
func TestRecordsComeInAnyPieces(t *testing.T) {
	s := by(echo)
	config := secured(s)
	address := listen(t, s)
	for name, pieces := range map[string]func(records []byte) [][]byte{
		"at once":           func(r []byte) [][]byte { return [][]byte{r} },
		"in single octets":  func(r []byte) [][]byte { return slices.Collect(slices.Chunk(r, 1)) },
		"in pieces of 33":   func(r []byte) [][]byte { return slices.Collect(slices.Chunk(r, 33)) },
		"but for the last":  func(r []byte) [][]byte { return [][]byte{r[:len(r)-1], r[len(r)-1:]} },
		"the last one late": func(r []byte) [][]byte { return [][]byte{r[:len(r)-960], r[len(r)-960:]} },
	} {
		t.Run(name, func(t *testing.T) {
			c, under := dialTLS(t, address, config)
			for after := range 2 { // the handshake begins with the first message
				under.keeps = after == 1
				for _, m := range []string{"one", "two", strings.Repeat("three", 300)} {
					c.write(framed(m))
				}
				under.keeps = false
				if after == 1 {
					under.send(t, pieces(under.kept))
				}
				for _, m := range []string{"one", "two", strings.Repeat("three", 300)} {
					c.hear(m)
				}
			}
			c.ask("after that")
		})
	}
}

// A peer that sends a great deal before it reads anything gets all of its answers, and
// does not keep others waiting.
func TestPeerThatReadsLateGetsAllOverTLS(t *testing.T) {
	s := by(echo)
	config := secured(s)
	address := listen(t, s)
	beside, _ := dialTLS(t, address, config)
	beside.ask("before")
	c, _ := dialTLS(t, address, config)
	message := framed(string(bytes.Repeat([]byte("x"), 1000)))
	const n = 4000
	var wg sync.WaitGroup
	wg.Go(func() {
		for range n {
			if _, err := c.Write(message); err != nil {
				t.Error(err)
				return
			}
		}
	})
	beside.ask("meanwhile")
	for range n {
		c.hear(string(message[2:]))
	}
	wg.Wait()
	c.ask("after that")
}

// Who ends says so, under TLS: a connection that is cut off cannot be told from one that
// somebody else has cut.
func TestTLSEndsWithAWord(t *testing.T) {
	s := limited(Limits{Idle: 500 * time.Millisecond})
	config := secured(s)
	c, _ := dialTLS(t, listen(t, s), config)
	c.ask("here")
	c.SetReadDeadline(time.Now().Add(patient))
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("an idle connection ended with %v, want EOF: the word of TLS for it", err)
	}
}

// Half a record is waited for as long as a message, not for ever.
func TestHalfARecordIsNotWaitedForForever(t *testing.T) {
	s := limited(Limits{Message: 500 * time.Millisecond})
	config := secured(s)
	c, under := dialTLS(t, listen(t, s), config)
	c.ask("whole")
	under.keeps = true
	c.write(framed("half"))
	under.keeps = false
	under.Write(under.kept[:len(under.kept)/2])
	c.ended()
}

// A panic costs a connection over TLS too, and that alone.
func TestPanicCostsTheConnectionOverTLS(t *testing.T) {
	s := by(func(dst, frame []byte, at time.Time) ([]byte, time.Time, error) {
		if string(frame) == "bad" {
			panic("an answer that cannot be made")
		}
		return echo(dst, frame, at)
	})
	config := secured(s)
	address := listen(t, s)
	c, _ := dialTLS(t, address, config)
	c.ask("good")
	c.write(framed("bad"))
	c.ended()
	other, _ := dialTLS(t, address, config)
	other.ask("good")
	if n := s.Counts().Panics; n != 1 {
		t.Errorf("%d panics are counted, want 1", n)
	}
}
