package recording

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"filippo.io/age"

	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// Bounds of what is read.
const (
	MaxFile     = 512 << 20 // octets
	maxEntries  = 4 << 20
	longestLine = 3 * wire.MaxFrame
)

// sealedBy is how a file that age has encrypted begins.
const sealedBy = "age-encryption.org/v1\n"

// ErrTorn says that a recording ends in the middle; what came before has been read.
var ErrTorn = errors.New("the recording is torn: its last lines are missing")

// IsSealed reports whether a file needs a key.
func IsSealed(data []byte) bool { return bytes.HasPrefix(data, []byte(sealedBy)) }

// Read reads a recording, or a capture of packets (pcap, pcapng) of the dialect: its
// messages in the order of their times. With ErrTorn comes what could be read.
func Read(data []byte, d *dialect.Dialect, key *Key) (Header, []Entry, error) {
	switch {
	case capture.IsPackets(data):
		return packets(data, d)
	case !IsSealed(data):
		return lines(bytes.NewReader(data), d)
	case key == nil:
		return Header{}, nil, errors.New("the recording is encrypted: give its key file")
	}
	opened, err := age.Decrypt(bytes.NewReader(data), key.identity)
	if err != nil {
		return Header{}, nil, errors.New("the recording cannot be opened with this key")
	}
	return lines(opened, d)
}

// lines reads the lines of a recording.
func lines(r io.Reader, d *dialect.Dialect) (h Header, all []Entry, err error) {
	in := bufio.NewScanner(io.LimitReader(r, MaxFile))
	in.Buffer(nil, longestLine)
	if !in.Scan() || json.Unmarshal(in.Bytes(), &h) != nil || h.Recording == 0 {
		return h, nil, errors.New("it is no recording: its first line is not that of one")
	}
	if h.Recording != Version {
		return h, nil, fmt.Errorf("the recording has version %d, this posfleet reads version %d", h.Recording, Version)
	}
	if h.Dialect != d.Name {
		return h, nil, fmt.Errorf("the recording is of dialect %s, not %s: choose it with --dialect or --profile", h.Dialect, d.Name)
	}
	for n := 2; in.Scan(); n++ {
		var l line
		octets, err := []byte(nil), json.Unmarshal(in.Bytes(), &l)
		if err == nil {
			octets, err = hex.DecodeString(l.Message)
		}
		switch {
		case err != nil && !more(in):
			return h, all, ErrTorn
		case err != nil || l.From != fromTerminal && l.From != fromHost || l.Micros < 0 || l.Micros > int64(1<<62)/1000:
			return h, all, fmt.Errorf("line %d is not that of a message", n)
		case len(all) >= maxEntries:
			return h, all, fmt.Errorf("there are more than %d messages", maxEntries)
		}
		all = append(all, Entry{time.Duration(l.Micros) * time.Microsecond, l.Connection, l.From == fromHost, octets, l.Length})
	}
	if in.Err() != nil {
		return h, all, ErrTorn
	}
	return h, all, nil
}

// more reports whether there are lines after one that cannot be read: then it is not the
// torn last one.
func more(in *bufio.Scanner) bool { return in.Scan() }

// packets reads a capture.
func packets(data []byte, d *dialect.Dialect) (h Header, all []Entry, err error) {
	streams, err := capture.Packets(data, 0)
	if _, short := errors.AsType[*capture.Incomplete](err); err != nil && !short && len(streams) == 0 {
		return h, nil, err
	}
	h = Header{Recording: Version, Dialect: d.Name}
	connections := map[string]int64{}
	type timed struct {
		Entry
		at time.Time
	}
	var found []timed
	for _, s := range streams {
		name := min(s.From, s.To) + " " + max(s.From, s.To)
		if connections[name] == 0 {
			connections[name] = int64(len(connections) + 1)
		}
		for _, fr := range capture.Cut(&d.Format, s.Octets) {
			if fr.Err != nil || !fr.Typed() {
				continue
			}
			e := Entry{Connection: connections[name], Answer: fr.Message.IsAnswer(), Octets: bytes.Clone(fr.Octets), Length: len(fr.Octets)}
			found = append(found, timed{e, s.At(fr.At + len(fr.Octets) - 1)})
		}
	}
	if len(found) == 0 {
		return h, nil, fmt.Errorf("the capture holds no message of dialect %s", d.Name)
	}
	slices.SortStableFunc(found, func(a, b timed) int { return a.at.Compare(b.at) })
	h.Started = found[0].at
	for _, f := range found {
		f.At = f.at.Sub(h.Started)
		all = append(all, f.Entry)
	}
	return h, all, nil
}

// Arrival is what a cardholder came for.
type Arrival struct {
	At       time.Duration // since the first
	Terminal string
	Of       dialect.Transaction
	Entry    dialect.Entry
	PIN      bool
	Amount   int64
}

// repeats is for how long a request with the trace of another is the same one again.
const repeats = 10 * time.Minute

// Arrivals are the payments and balance inquiries that terminals asked for, each once
// however often it was sent, in their order. What terminals do by themselves, such as
// signing in, reversing and settling, is not among them. skipped are requests that could
// not be read.
func Arrivals(d *dialect.Dialect, entries []Entry) (all []Arrival, skipped int) {
	m := d.NewMessage()
	seen := map[wire.Key]time.Duration{}
	var first time.Duration
	for _, e := range entries {
		if e.Answer {
			continue
		}
		if e.Octets == nil || m.Read(e.Octets) != nil {
			skipped++
			continue
		}
		of, known := d.Classify(m)
		if !known || of == dialect.Reversal || !of.Payment() && !of.Inquires() {
			continue
		}
		key := m.Key()
		before, again := seen[key]
		if seen[key] = e.At; again && e.At-before < repeats {
			continue
		}
		if len(all) == 0 {
			first = e.At
		}
		a := Arrival{At: e.At - first, Terminal: string(m.Get(wire.TerminalID)), Of: of, Amount: int64(m.Uint(wire.Amount))}
		a.Entry, a.PIN = d.EntryOf(string(m.Get(wire.EntryMode)))
		all = append(all, a)
	}
	return all, skipped
}
