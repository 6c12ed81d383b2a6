package host

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// masterKeys is who has asked for a master key with a public key.
type masterKeys struct {
	mu    sync.Mutex
	asked map[int]askedMaster // by the terminal's number; nil until the first
}

// askedMaster is how a terminal has asked for its master key, as data keep it.
type askedMaster struct {
	Terminal int
	Key      string // digest of the public key; empty when it may ask with any
	Has      bool   // it has said that it has taken what it was sent
}

// of is how a terminal has asked.
func (m *masterKeys) of(number int) askedMaster {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.asked[number]
	a.Terminal = number
	return a
}

func (m *masterKeys) set(a askedMaster) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.asked == nil {
		m.asked = map[int]askedMaster{}
	}
	m.asked[a.Terminal] = a
}

func (h *Host) restoreMaster(a askedMaster) error {
	if a.Terminal < 0 || a.Terminal >= len(h.sessions) {
		return errEntry
	}
	h.masters.set(a)
	return nil
}

// AllowMasterKey lets a terminal download its master key once more, with whatever public
// key it then asks with.
func (h *Host) AllowMasterKey(tid string) error {
	n, err := h.numberOf(tid)
	if err != nil {
		return err
	}
	a := askedMaster{Terminal: n}
	h.masters.set(a)
	h.noteAll(&h.journal.notes, masterAsked, a)
	return nil
}

// master is the master key that a terminal may be sent; nil for none. One that is in an HSM
// does not leave it.
func (h *Host) master(req *Request) []byte {
	if h.profile.InHSM() {
		return nil
	}
	return h.books.Entry(req.number).Master
}

// masterKey gives the terminal its master key, under the transport key that all were
// delivered with.
func (h *Host) masterKey(req *Request) {
	master := h.master(req)
	if h.profile.Transport == nil || len(master) == 0 {
		h.reply(req, invalid)
		return
	}
	block, err := keys.SealMaster(h.profile.SignIn.Cipher(), h.profile.Transport, master)
	h.sendMaster(req, block, err)
}

// masterKeyRSA gives the terminal its master key under the public key that it asks with.
// The first key that asks is the terminal's: another gets nothing, and neither does that
// one when the terminal has said that it has what it was sent.
func (h *Host) masterKeyRSA(req *Request) {
	master, modulus := h.master(req), req.Message.Get(wire.PublicKey)
	digest := sha256.Sum256(modulus)
	key, asked := hex.EncodeToString(digest[:]), h.masters.of(req.number)
	switch {
	case len(master) == 0:
		h.reply(req, invalid)
		return
	case !keys.IsRSAModulus(modulus) && !h.breaks(anyMasterKey):
		h.reply(req, formatError)
		return
	case asked.Key != "" && (asked.Has || asked.Key != key) && !h.breaks(anyMasterKey):
		h.reply(req, duplicate)
		return
	}
	block, err := keys.SealMasterRSA(h.profile.SignIn.Cipher(), modulus, master)
	if err == nil && asked.Key == "" {
		h.noteMaster(req, askedMaster{req.number, key, false})
	}
	h.sendMaster(req, block, err)
}

func (h *Host) sendMaster(req *Request, block []byte, err error) {
	if err != nil {
		h.reply(req, malfunction)
		return
	}
	if h.breaks(wrongMasterKey) {
		block[len(block)-1] ^= 0x10 // of the check value
	}
	h.reply(req, approved)
	req.Answer.Set(wire.MasterKey, block)
}

// masterKeyEnd hears which master key the terminal has taken.
func (h *Host) masterKeyEnd(req *Request) {
	asked := h.masters.of(req.number)
	kcv, err := keys.CheckValue(keys.Software{}, h.profile.SignIn.Cipher(), h.master(req))
	switch {
	case asked.Key == "":
		h.reply(req, noOriginal)
	case err != nil || string(kcv[:]) != string(req.Message.Get(wire.CheckValue)):
		h.reply(req, invalid)
	default:
		if !asked.Has {
			asked.Has = true
			h.noteMaster(req, asked)
		}
		h.reply(req, approved)
	}
}

func (h *Host) noteMaster(req *Request, a askedMaster) {
	h.masters.set(a)
	h.noteAll(&req.notes, masterAsked, a)
}
