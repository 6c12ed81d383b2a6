// Package recording keeps what passed between terminals and a host, and gives it again.
//
// A [Writer] writes a [Header] and an [Entry] for each message into a file of JSON lines:
// with every secret taken out, or, for whoever has a [Key], whole and encrypted with age.
// [Read] reads such a file, and a capture of packets too; [Arrivals] is what cardholders
// came for in it, and when.
package recording

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Version is the only one of the file so far.
const Version = 1

// Header is the first line of a recording.
type Header struct {
	Recording int       `json:"posfleet_recording"` // Version
	Dialect   string    `json:"dialect"`
	Masked    bool      `json:"masked"` // its secrets have been taken out
	Started   time.Time `json:"started"`
}

// Entry is one message that passed.
type Entry struct {
	At         time.Duration // since the start
	Connection int64         // from 1
	Answer     bool          // from the host
	Octets     []byte        // routing header to last field; nil of one that could not be masked
	Length     int           // how many there were
}

// line is an entry as the file has it.
type line struct {
	Micros     int64  `json:"us"`
	Connection int64  `json:"connection"`
	From       string `json:"from"`
	Length     int    `json:"length"`
	Message    string `json:"message,omitempty"`
}

const (
	fromTerminal = "terminal"
	fromHost     = "host"
)

// Key encrypts recordings and reads them.
type Key struct{ identity *age.X25519Identity }

// ParseKey reads a key as age-keygen writes it: AGE-SECRET-KEY-1… among comments.
func ParseKey(text []byte) (*Key, error) {
	scanner := bufio.NewScanner(io.LimitReader(&reader{text}, 1<<16))
	for scanner.Scan() {
		if word := scanner.Text(); len(word) > 0 && word[0] != '#' {
			identity, err := age.ParseX25519Identity(word)
			if err != nil {
				return nil, errors.New("it holds no key of age: want a line AGE-SECRET-KEY-1…, as age-keygen writes it")
			}
			return &Key{identity}, nil
		}
	}
	return nil, errors.New("it holds no key of age: want a line AGE-SECRET-KEY-1…, as age-keygen writes it")
}

// reader reads octets.
type reader struct{ left []byte }

func (r *reader) Read(p []byte) (int, error) {
	if len(r.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// NewKey writes a new key into a file that is not there yet, for its owner alone.
func NewKey(path string) (*Key, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(f, "# public key: %s\n%s\n", identity.Recipient(), identity)
	return &Key{identity}, errors.Join(err, f.Close())
}

// Writer writes a recording. One goroutine uses it at a time.
type Writer struct {
	dialect *dialect.Dialect
	started time.Time
	masked  bool
	file    *os.File
	sealed  io.WriteCloser // around the file; nil when it is not encrypted
	out     *json.Encoder
	packets *capture.PacketWriter // instead of lines
	message *wire.Message
	err     error
}

// IsPackets reports whether a recording of this name is one of packets, for tools such
// as Wireshark.
func IsPackets(path string) bool {
	return strings.HasSuffix(path, ".pcapng") || strings.HasSuffix(path, ".pcap")
}

// Create begins a recording in a file that is not there yet, for its owner alone. Without
// a key every secret is taken out of what is recorded. One of packets (see [IsPackets])
// has no key.
func Create(path string, d *dialect.Dialect, key *Key, started time.Time) (*Writer, error) {
	if IsPackets(path) && key != nil {
		return nil, errors.New("a capture of packets is not encrypted: choose another name, or leave the key out")
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	w := &Writer{dialect: d, started: started, masked: key == nil, file: f, message: d.NewMessage()}
	if IsPackets(path) {
		w.packets, w.err = capture.NewPacketWriter(f, &d.Format)
		return w, w.err
	}
	var to io.Writer = f
	if key != nil {
		if w.sealed, err = age.Encrypt(f, key.identity.Recipient()); err != nil {
			f.Close()
			return nil, err
		}
		to = w.sealed
	}
	w.out = json.NewEncoder(to)
	w.err = w.out.Encode(Header{Version, d.Name, w.masked, started.UTC()})
	return w, w.err
}

// Add records one message. The first error ends the recording, and comes again.
func (w *Writer) Add(at time.Time, connection int64, answer bool, octets []byte) error {
	if w.err != nil {
		return w.err
	}
	kept := octets
	if w.masked {
		kept = w.mask(octets)
	}
	if w.packets != nil {
		if kept != nil {
			w.err = w.packets.Message(at, connection, answer, kept)
		}
		return w.err
	}
	l := line{Micros: max(0, at.Sub(w.started).Microseconds()), Connection: connection, From: fromTerminal, Length: len(octets), Message: hex.EncodeToString(kept)}
	if answer {
		l.From = fromHost
	}
	w.err = w.out.Encode(l)
	return w.err
}

// mask gives a message without its secrets, nil when that cannot be.
func (w *Writer) mask(octets []byte) []byte { return Masked(w.dialect, w.message, octets) }

// Masked is a message without its secrets, read by way of m; nil for one that cannot be
// read as a whole, or not be masked.
func Masked(d *dialect.Dialect, m *wire.Message, octets []byte) []byte {
	if m.Read(octets) != nil || !d.MaskMessage(m) {
		return nil
	}
	out, err := m.Append(nil)
	if err != nil {
		return nil
	}
	return out
}

// Close ends the recording. What an encrypted one had not written is written now: one
// that was not closed lacks its end.
func (w *Writer) Close() error {
	err := w.err
	if w.sealed != nil {
		err = errors.Join(err, w.sealed.Close())
	}
	return errors.Join(err, w.file.Close())
}
