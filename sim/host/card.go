package host

import (
	"bytes"
	"crypto/subtle"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// present reads which card the request shows, in whatever way it does: payment
// code, track or number. x.card stays -1 when it shows none at all. A code is
// given when what is shown cannot be read, or is no card of this host.
func (h *Host) present(x *Exchange) string {
	req := x.Request
	if x.Transaction == dialect.QRPurchase {
		return h.presentCode(x)
	}
	x.pan, x.expiry = req.Get(wire.PAN), req.Get(wire.Expiry)
	if track := req.Get(wire.Track2); track != nil {
		if code := h.presentTrack(x, track); code != pending {
			return code
		}
	}
	if x.pan == nil {
		return pending
	}
	if req.Has(wire.PINBlock) {
		if code := h.decryptPIN(x); code != pending {
			return code
		}
	}
	return h.lookUp(x)
}

func (h *Host) lookUp(x *Exchange) string {
	i, ok := h.cards[numberOf(x.pan)]
	if !ok {
		return noCard
	}
	x.card = i
	return pending
}

// presentTrack reads track 2: number, separator, expiry. Field 53 says whether
// it is enciphered.
func (h *Host) presentTrack(x *Exchange, track []byte) string {
	if v := x.Request.Get(wire.SecurityControl); len(v) >= 3 && v[2] == '1' {
		key := x.terminal.session.keys.Track
		if key == nil {
			return formatError
		}
		var err error
		if track, err = key.DecryptTrack(track); err != nil {
			return formatError
		}
	}
	end := bytes.IndexByte(track, 'D')
	if end < 0 {
		end = bytes.IndexByte(track, '=')
	}
	if end < 8 || end > 19 || len(track) < end+5 {
		return formatError
	}
	pan, expiry := track[:end], track[end+1:end+5]
	if !allDigits(pan) || !allDigits(expiry) || x.pan != nil && !bytes.Equal(x.pan, pan) {
		return formatError
	}
	x.pan = pan
	if x.expiry == nil {
		x.expiry = expiry
	}
	return pending
}

// presentCode reads the payment code of a QR purchase: field 59, tag A3, three
// digits of length, the code.
func (h *Host) presentCode(x *Exchange) string {
	v := x.Request.Get(wire.PaymentCode)
	for len(v) >= 5 {
		n, ok := digits(v[2:5])
		if !ok || int(n) > len(v)-5 {
			return formatError
		}
		if v[0] == 'A' && v[1] == '3' {
			i, ok := h.codes[numberOf(v[5:5+n])]
			if !ok || n > 20 {
				return noCard
			}
			x.card, x.qr = i, true
			return pending
		}
		v = v[5+n:]
	}
	return formatError
}

// decryptPIN deciphers the PIN block into x.pin; a block that cannot be one for
// this card is a format error of its own.
func (h *Host) decryptPIN(x *Exchange) string {
	key := x.terminal.session.keys.PIN
	block := x.Request.Get(wire.PINBlock)
	if key == nil || key.BlockSize() != len(block) {
		return badPINBlock
	}
	pan := x.pan
	if v := x.Request.Get(wire.SecurityControl); len(v) > 0 && v[0] == '1' {
		pan = noNumber // a block without the card number
	}
	var (
		pin []byte
		err error
	)
	if len(block) == 16 {
		pin, err = key.DecryptPINWide([16]byte(block), pan, x.pin[:0])
	} else {
		pin, err = key.DecryptPIN([8]byte(block), pan, x.pin[:0])
	}
	if err != nil {
		return badPINBlock
	}
	x.pinLen = len(pin)
	return pending
}

var noNumber = []byte("0000000000000000")

// acceptable is what the issuer says of the card in hand before it looks at
// money: its fixed answer, expiry and PIN.
func (h *Host) acceptable(x *Exchange) string {
	c := h.cardOf(x)
	if c.Answer != "" && !isApproval(c.Answer) {
		return c.Answer
	}
	if c.Expiry != "" {
		until, ok := digits([]byte(c.Expiry))
		if !ok || until < x.now.yymm || len(x.expiry) > 0 && string(x.expiry) != c.Expiry {
			return expired
		}
	}
	if x.pinLen > 0 && subtle.ConstantTimeCompare(x.pin[:x.pinLen], c.PIN) != 1 {
		return wrongPIN
	}
	return pending
}
