package host

import (
	"bytes"
	"crypto/subtle"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// present reads which card the request shows, in whatever way it does: payment
// code, track or number. The record has no card when it shows none at all. A code is
// given when what is shown cannot be read, or is no card of this host.
func (h *Host) present(req *Request) verdict {
	m := req.Message
	if req.Transaction == dialect.QRPurchase {
		return h.presentCode(req)
	}
	req.pan, req.expiry = m.Get(wire.PAN), m.Get(wire.Expiry)
	if track := m.Get(wire.Track2); track != nil {
		if code := h.presentTrack(req, track); code != pending {
			return code
		}
	}
	if track := m.Get(wire.Track3); track != nil && !h.readThirdTrack(req, track) {
		return formatError
	}
	if req.pan == nil {
		return pending
	}
	if m.Has(wire.PINBlock) {
		if code := h.decryptPIN(req); code != pending {
			return code
		}
	}
	return h.lookUp(req)
}

func (h *Host) lookUp(req *Request) verdict {
	c, ok := h.books.CardOf(req.pan)
	if !ok {
		return noCard
	}
	req.record.Card = c
	return pending
}

// presentTrack reads track 2: number, separator, expiry, and digits to the end
// (ISO/IEC 7813). Field 53 says whether it is enciphered.
func (h *Host) presentTrack(req *Request, track []byte) verdict {
	if v := req.Message.Get(wire.SecurityControl); len(v) >= 3 && v[2] == '1' {
		key := req.keys.Track
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
	if !allDigits(pan) || !allDigits(track[end+1:]) || req.pan != nil && !bytes.Equal(req.pan, pan) {
		return formatError
	}
	req.pan = pan
	if req.expiry == nil {
		req.expiry = expiry
	}
	return pending
}

// presentCode reads the payment code of a QR purchase: field 59, tag A3, three
// digits of length, the code.
func (h *Host) presentCode(req *Request) verdict {
	v := req.Message.Get(wire.PaymentCode)
	for len(v) >= 5 {
		n, ok := digits(v[2:5])
		if !ok || int(n) > len(v)-5 {
			return formatError
		}
		if v[0] == 'A' && v[1] == '3' {
			c, ok := h.books.CardOfCode(v[5 : 5+n])
			if !ok {
				return h.presentOneTime(req, v[5:5+n])
			}
			req.record.Card, req.record.Channel = c, fee.ChannelOfCode(v[5:5+n])
			return pending
		}
		v = v[5+n:]
	}
	return formatError
}

var noNumber = []byte(keys.NoPAN)

// decryptPIN deciphers the PIN block into req.pin; a block that cannot be one for
// this card is a format error of its own.
func (h *Host) decryptPIN(req *Request) verdict {
	key := req.keys.PIN
	block := req.Message.Get(wire.PINBlock)
	if key == nil || key.BlockSize() != len(block) {
		return badPINBlock
	}
	pan := req.pan
	if v := req.Message.Get(wire.SecurityControl); h.dialect.Form(req.Transaction).PINZeros || len(v) > 0 && v[0] == '1' {
		pan = noNumber
	}
	var (
		pin []byte
		err error
	)
	if len(block) == 16 {
		pin, err = key.DecryptPINWide(h.dialect.PINFormat, [16]byte(block), pan, req.pin[:0])
	} else {
		pin, err = key.DecryptPIN(h.dialect.PINFormat, [8]byte(block), pan, req.pin[:0])
	}
	if err != nil && !h.breaks(anyPINBlock) {
		return badPINBlock
	}
	req.pinLen = len(pin)
	return pending
}

// acceptable is what the issuer says of the card in hand before it looks at
// money: its fixed answer, expiry and PIN.
func (h *Host) acceptable(req *Request) verdict {
	c := h.cardOf(req)
	if c.Answer != "" && !h.approves(req, byCard) {
		return byCard
	}
	if c.Expiry != "" {
		until, ok := digits([]byte(c.Expiry))
		if !ok || until < req.now.yymm || len(req.expiry) > 0 && string(req.expiry) != c.Expiry {
			return expired
		}
	}
	if req.pinLen > 0 && subtle.ConstantTimeCompare(req.pin[:req.pinLen], c.PIN) != 1 {
		return wrongPIN
	}
	return pending
}
