package main

import (
	"fmt"
	"io"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/wire"
)

// macs checks the MACs of messages with the keys that sign-ins among them bring:
// those of the profile's terminals, whose master keys it has.
type macs struct {
	profile *profile.Profile
	masters map[string][]byte // of terminals, by TID
	keys    map[string]*keys.Key
}

func newMACs(p *profile.Profile) *macs {
	m := &macs{profile: p, masters: map[string][]byte{}, keys: map[string]*keys.Key{}}
	for _, t := range p.Terminals {
		m.masters[t.TID] = t.Master
	}
	return m
}

// tell writes what is to be said of a message's MAC, and takes the keys that it
// brings. It never writes a key or the MAC that is wanted.
func (m *macs) tell(w io.Writer, msg *wire.Message) {
	tid := msg.Text(wire.TerminalID)
	if said := m.take(tid, msg); said != "" {
		fmt.Fprintf(w, "keys %s\n", said)
	}
	covered, mac := msg.MACSpan()
	if mac == nil {
		return
	}
	key := m.keys[tid]
	switch {
	case m.masters[tid] == nil:
		fmt.Fprintf(w, "MAC  not checked: the profile has no terminal %s\n", m.profile.Dialect.Shown(msg, m.profile.Dialect.Place(wire.TerminalID).Field))
	case key == nil:
		fmt.Fprintf(w, "MAC  not checked: no sign-in's answer before it has brought the keys of terminal %s\n", m.profile.Dialect.Shown(msg, m.profile.Dialect.Place(wire.TerminalID).Field))
	case key.CheckMAC(m.profile.MAC, covered, mac):
		fmt.Fprintln(w, "MAC  right")
	default:
		if near := key.NearMAC(m.profile.MAC, covered, mac); near != "" {
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
	if len(block) == 0 || master == nil || !msg.IsAnswer() || msg.MTI()[1] != '8' || msg.Text(wire.ResponseCode) != dialect.Approved.String() {
		return ""
	}
	why := fmt.Errorf("a key block of %d octets is of no known kind", len(block))
	for _, kind := range []keys.KeyBlock{m.profile.SignIn, keys.Single, keys.Double, keys.Track, keys.SM4, keys.SM4Track} {
		if kind.Len() != len(block) {
			continue
		}
		under, err := kind.Master(master)
		if err == nil {
			var set keys.Set
			if set, err = keys.Unwrap(under, kind, block); err == nil {
				m.keys[tid] = set.MAC
				return fmt.Sprintf("of terminal %s unwrapped, check values right (sign-in %s)", tid, kind)
			}
		}
		why = err
		break
	}
	return fmt.Sprintf("of terminal %s cannot be unwrapped: %v", tid, why)
}
