package rules

import (
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// ErrMAC marks an answer whose MAC is wrong or missing.
var ErrMAC = errors.New("MAC of the answer is wrong")

// macPresent holds that an answer that must have a MAC has one.
var macPresent = check{always, 0,
	func(x *Exchange) bool {
		if !x.Form.MACed || !x.Dialect.MAC {
			return true
		}
		if !x.approves && (x.MACOnDecline != dialect.MACRequired || x.Dialect.KeysInDoubt(x.code)) {
			return true
		}
		return x.Answer.HasMAC()
	},
	func(x *Exchange) error {
		return fmt.Errorf("%w: it carries none, though field %d is %s", ErrMAC, x.Dialect.Place(wire.ResponseCode).Field, x.Code())
	},
}

// macRight holds that a MAC is right wherever there is one. That of a sign-in's
// answer may be made with the key that it brings or with the one before.
var macRight = check{always, 0,
	func(x *Exchange) bool {
		covered, mac := x.Answer.MACSpan()
		if mac == nil || x.MACUnknown && x.issued() == nil || !x.approves && x.MACOnDecline == dialect.MACIgnored {
			return true
		}
		if x.MAC != nil && x.MAC.CheckMAC(x.Algorithm, covered, mac) {
			return true
		}
		issued := x.issued()
		return issued != nil && issued.CheckMAC(x.Algorithm, covered, mac)
	},
	func(x *Exchange) error {
		covered, mac := x.Answer.MACSpan()
		key := x.MAC
		if key == nil {
			key = x.issued()
		}
		if key == nil {
			return fmt.Errorf("%w: it carries one, but the terminal has no key yet", ErrMAC)
		}
		if near := key.NearMAC(x.Algorithm, covered, mac, x.Answer.Head...); near != "" {
			return fmt.Errorf("%w: it is right but for %s", ErrMAC, near)
		}
		if x.Dialect.DUKPT != keys.NoDUKPT {
			return fmt.Errorf("%w; if all are, do mac and dukpt of the profile fit the host's?", ErrMAC)
		}
		return fmt.Errorf("%w; if all are, do mac, sign-in and the master keys of the profile fit the host's?", ErrMAC)
	},
}

var errNoKeys = errors.New("absent")

// workingKeys holds the keys of a sign-in to their check values, and leaves them
// in x.SignIn. That there are some is seen without the key that opens them.
var workingKeys = check{always, 0,
	func(x *Exchange) bool {
		s := x.SignIn
		switch {
		case s == nil || s.Block == "":
			return true
		case !x.Answer.Has(wire.WorkingKeys):
			s.Err = errNoKeys
			return false
		case s.Master == nil:
			return true
		}
		s.Issued, s.Err = keys.Unwrap(s.HSM, s.Master, s.Block, x.Answer.Get(wire.WorkingKeys))
		return s.Err == nil
	},
	func(x *Exchange) error {
		return fmt.Errorf("working keys (field %d): %w", x.Dialect.Place(wire.WorkingKeys).Field, x.SignIn.Err)
	},
}

// soundKeys holds that the keys which a sign-in has brought are none that protect little.
var soundKeys = check{always, 0,
	func(x *Exchange) bool {
		return x.SignIn == nil || x.SignIn.Master == nil || x.SignIn.Err != nil || x.SignIn.Block.Weakness(&x.SignIn.Issued) == ""
	},
	func(x *Exchange) error {
		return fmt.Errorf("working keys (field %d): %s", x.Dialect.Place(wire.WorkingKeys).Field, x.SignIn.Block.Weakness(&x.SignIn.Issued))
	},
}

// batchIssued holds that a sign-in tells the batch.
var batchIssued = check{always, 0,
	func(x *Exchange) bool { return !x.Dialect.Has(wire.Batch) || x.Answer.Uint(wire.Batch) > 0 },
	func(x *Exchange) error {
		return fmt.Errorf("the answer to the sign-in tells no batch number (field %d), want 000001 to 999999", x.Dialect.Place(wire.Batch).Field)
	},
}
