package rules

import (
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/wire"
)

// ErrIssuer marks an answer whose issuer's answer the chip does not find right.
var ErrIssuer = errors.New("the chip finds the issuer's answer wrong")

// issuerRight holds that the chip finds the issuer's answer to its cryptogram right.
var issuerRight = check{ifThere, wire.ChipData,
	func(x *Exchange) bool {
		if x.Chip == nil {
			return true
		}
		value := chip.Value(x.Answer.Get(wire.ChipData), chip.TagIssuerAuthentication)
		return value == nil || x.Chip.Answers(value)
	},
	func(x *Exchange) error {
		return fmt.Errorf("%w: tag 91 in field %d does not answer the cryptogram of the request; are the issuer's keys and scheme in the profile the host's?",
			ErrIssuer, x.Dialect.Place(wire.ChipData).Field)
	},
}

// issuerAnswers holds that an approval brings the issuer's answer.
var issuerAnswers = check{always, 0,
	func(x *Exchange) bool {
		return x.Chip == nil || chip.Value(x.Answer.Get(wire.ChipData), chip.TagIssuerAuthentication) != nil
	},
	func(x *Exchange) error {
		n := x.Dialect.Place(wire.ChipData).Field
		for _, err := range wire.Tags(x.Answer.Get(wire.ChipData)) {
			if err != nil {
				return fmt.Errorf("field %d of the answer cannot be read as tags: %w; in what can be there is no tag 91, with which the issuer answers the chip's cryptogram", n, err)
			}
		}
		return fmt.Errorf("field %d of the answer has no tag 91, with which the issuer answers the chip's cryptogram", n)
	},
}
