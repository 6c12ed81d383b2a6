package main

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// macs checks the MACs of messages with the keys that sign-ins among them bring,
// those of the profile's terminals, whose master keys it has, and with those of a
// key file.
type macs struct {
	profile *profile.Profile
	masters map[string][]byte      // of terminals, by TID; none without a profile of the user's
	keys    map[string]*keys.Key   // by TID, * for all others
	asked   map[wire.Key]*keys.Key // of answers to the requests so far, where keys are derived
}

// mostAsked bounds the requests whose answers' keys are kept, of a long capture.
const mostAsked = 1 << 14

// newMACs knows the master keys of a profile that is the user's, and the keys of
// a file, if there is one. Without either it is nil.
func newMACs(p *profile.Profile, own bool, file string) (*macs, error) {
	if !own && file == "" {
		return nil, nil
	}
	m := &macs{profile: p, masters: map[string][]byte{}, keys: map[string]*keys.Key{}, asked: map[wire.Key]*keys.Key{}}
	for i := range p.Terminals {
		if t := &p.Terminals[i]; own {
			m.masters[t.TID] = t.Master
		}
	}
	if file == "" {
		return m, nil
	}
	if err := m.read(file); err != nil {
		return nil, fmt.Errorf("--keys: %w", err)
	}
	return m, nil
}

// maxKeyFile is the longest key file, in octets.
const maxKeyFile = 8 << 20

// read reads a key file: lines of a terminal id, or * for all, and a MAC key in
// hexadecimal. Keys in clear are for their owner alone.
func (m *macs) read(file string) error {
	info, err := os.Stat(file) // before it is opened: opening a pipe would wait for its writer
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", file)
	case info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows":
		return fmt.Errorf("%s holds keys and others may read it (mode %04o); chmod 600 %s", file, info.Mode().Perm(), file)
	case info.Size() > maxKeyFile:
		return fmt.Errorf("%s is longer than %d octets", file, maxKeyFile)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	defer clear(data)
	text, err := strict.Lines(data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	line, lines := 0, map[string]int{} // where a terminal stands
	for text := range bytes.Lines(text) {
		line++
		words := bytes.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;:=", r) })
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		key, err := macKey(words, m.profile.SignIn.Cipher())
		if err != nil {
			return fmt.Errorf("%s:%d: %w", file, line, err)
		}
		tid := string(words[0])
		if other := m.keys[tid]; other != nil && other.KCV() != key.KCV() {
			return fmt.Errorf("%s:%d: the key of %s is another than in line %d; leave one of them", file, line, tid, lines[tid])
		}
		m.keys[tid], lines[tid] = key, line
	}
	return nil
}

// key is the MAC key of a terminal, nil when it is not known.
func (m *macs) key(tid string) *keys.Key {
	if m == nil {
		return nil
	}
	return cmp.Or(m.keys[strings.TrimSpace(tid)], m.keys["*"])
}

// derived reports whether keys are derived for each transaction, and from what is known.
func (m *macs) derived() bool {
	return m != nil && len(m.masters) > 0 && m.profile.Dialect.DUKPT != keys.NoDUKPT
}

// answerKey is the key of the MAC of the answer to a request; nil when it is not known.
func (m *macs) answerKey(request *wire.Message) *keys.Key {
	if !m.derived() {
		return m.key(request.Text(wire.TerminalID))
	}
	made, err := m.derives(request)
	if err != nil {
		return nil
	}
	return made.Answer
}

// derives makes the keys that a request is under of its key serial number and the profile's
// base key, where the network derives keys for each transaction.
func (m *macs) derives(request *wire.Message) (*keys.Derived, error) {
	p, v := m.profile, request.Get(wire.KeySerial)
	if p.Dialect.SerialHex {
		var err error
		if v, err = hex.DecodeString(strings.TrimRight(string(v), " ")); err != nil {
			return nil, errors.New("its key serial number is not hexadecimal digits")
		}
	}
	d, n := p.Dialect.DUKPT, p.Dialect.DUKPT.KSNLen()
	if len(v) < n-2 || len(v) > n {
		return nil, fmt.Errorf("its key serial number has %d octets, want %d", len(v), n)
	}
	ksn := append(bytes.Repeat([]byte{0xFF}, n-len(v)), v...)
	first := bytes.Clone(ksn)
	d.SetCounter(first, 0)
	initial, err := p.Initial(first)
	if err != nil {
		return nil, err
	}
	made := new(keys.Derived)
	if d.Derive(made, initial, ksn, p.MAC) != nil {
		return nil, errors.New("its key serial number has a counter that no terminal comes to")
	}
	return made, nil
}

// derive is the key of a message's MAC, where the network derives keys for each transaction:
// that of an answer goes with the key serial number of its request.
func (m *macs) derive(msg *wire.Message) (*keys.Key, error) {
	if msg.IsAnswer() {
		if key := m.asked[msg.Key()]; key != nil {
			return key, nil
		}
		return nil, errors.New("its key is that of its request's key serial number, and no request before it is that (--answer-to)")
	}
	made, err := m.derives(msg)
	if err != nil {
		return nil, err
	}
	if len(m.asked) >= mostAsked {
		clear(m.asked)
	}
	m.asked[msg.Key()] = made.Answer
	return made.MAC, nil
}

// macKey reads the key in the words of a line. Its error quotes no key.
func macKey(words [][]byte, c keys.Cipher) (*keys.Key, error) {
	if len(words) != 2 {
		return nil, errors.New("want a terminal id, or * for all, and a MAC key in hexadecimal digits")
	}
	octets := make([]byte, hex.DecodedLen(len(words[1])))
	defer clear(octets)
	if _, err := hex.Decode(octets, words[1]); err != nil {
		return nil, errors.New("the key is not hexadecimal digits, an even number of them")
	}
	return c.Key(octets)
}

// tell writes what is to be said of a message's MAC, and takes the keys that it
// brings. It never writes a key or the MAC that is wanted.
func (m *macs) tell(w io.Writer, msg *wire.Message) {
	tid := strings.TrimSpace(msg.Text(wire.TerminalID)) // as files of keys have it
	if said := m.take(tid, msg); said != "" {
		fmt.Fprintf(w, "keys %s\n", said)
	}
	covered, mac := msg.MACSpan()
	if mac == nil {
		return
	}
	key := m.key(tid)
	if key == nil && m.derived() {
		var err error
		if key, err = m.derive(msg); err != nil {
			fmt.Fprintf(w, "MAC  not checked: %v\n", err)
			return
		}
	}
	switch {
	case key == nil && len(m.masters) == 0:
	case key == nil && m.masters[tid] == nil:
		fmt.Fprintf(w, "MAC  not checked: the profile has no terminal %s\n", m.profile.Dialect.Shown(msg, m.profile.Dialect.Place(wire.TerminalID).Field))
	case key == nil:
		fmt.Fprintf(w, "MAC  not checked: no sign-in's answer before it has brought the keys of terminal %s\n", m.profile.Dialect.Shown(msg, m.profile.Dialect.Place(wire.TerminalID).Field))
	case key.CheckMAC(m.profile.MAC, covered, mac):
		fmt.Fprintln(w, "MAC  right")
	default:
		if near := key.NearMAC(m.profile.MAC, covered, mac, msg.Head...); near != "" {
			fmt.Fprintf(w, "MAC  right but for %s\n", near)
			return
		}
		fmt.Fprintf(w, "MAC  wrong: it is not that of these octets with this key (profile: mac %s)\n", m.profile.MAC)
	}
}

// take unwraps the working keys of an approved sign-in.
func (m *macs) take(tid string, msg *wire.Message) string {
	block := msg.Get(wire.WorkingKeys)
	master := m.masters[tid]
	if len(block) == 0 || master == nil || !msg.IsAnswer() || msg.MTI()[1] != '8' || m.profile.Dialect.Class(dialect.CodeOf(msg.Get(wire.ResponseCode))) != dialect.Approves {
		return ""
	}
	why := fmt.Errorf("a key block of %d octets is of no known kind", len(block))
	for _, kind := range append([]keys.KeyBlock{m.profile.SignIn}, keys.KeyBlocks...) {
		if !kind.Fits(block) {
			continue
		}
		set, err := keys.Unwrap(m.profile.HSM, master, kind, block)
		if err == nil {
			m.keys[tid] = set.MAC
			return fmt.Sprintf("of terminal %s unwrapped, check values right (sign-in %s)", tid, kind)
		}
		why = err
		break
	}
	return fmt.Sprintf("of terminal %s cannot be unwrapped: %v", tid, why)
}
