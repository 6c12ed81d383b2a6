package dialect

import (
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/keys"
)

// Code is the response code of an answer, or the reason of a reversal: up to four
// letters or digits. The zero Code is none.
type Code [4]byte

// CodeOf makes a Code of its characters; what is longer is cut.
func CodeOf[T ~string | ~[]byte](s T) (c Code) {
	copy(c[:], s)
	return c
}

// String gives the code's characters.
func (c Code) String() string { return string(c[:c.Len()]) }

// Len is how many characters the code has.
func (c *Code) Len() int {
	n := len(c)
	for n > 0 && c[n-1] == 0 {
		n--
	}
	return n
}

// IsCode reports whether v, as it came, is a code: letters and digits and nothing else.
// CodeOf cannot tell, it takes an octet of 0 at the end for none.
func IsCode(v []byte) bool {
	for _, b := range v {
		if !isAlphanumeric(b) {
			return false
		}
	}
	return len(v) > 0 && len(v) <= len(Code{})
}

func isAlphanumeric(c byte) bool { return c-'0' <= 9 || c-'A' <= 25 || c-'a' <= 25 }

// Class is what a response code means for the money.
type Class uint8

const (
	Declines  Class = iota
	Approves        // all of it, or a part of the amount
	Defective       // approves, but something of the answer was lost on the way
)

// Role is what terminals and hosts know a response code by, whatever characters a
// network has for it.
type Role uint8

const (
	NoRole             Role = iota
	Approved                //
	Partial                 // a part of the amount is approved
	Declined                // without a reason that a network has a code for
	UnknownMerchant         // the host does not know the merchant
	InvalidTransaction      // or does not take this transaction
	InvalidAmount           // nor this amount
	InvalidCard             // no such card number
	TooLate                 // not as it may be done, or after too many days
	NoOriginal              // the host finds no original transaction
	FormatError             // the host cannot read the request
	InsufficientFunds       //
	ExpiredCard             //
	WrongPIN                //
	OverLimit               // above the limit for an amount
	OriginalDiffers         // not the amount or card of the original transaction
	SignInFirst             // the host has no keys for the terminal: sign in
	Duplicate               // the host has had this request before
	TotalsDiffer            // of a settlement: its flags say which do
	Malfunction             // the host has a fault
	UnknownTerminal         // the host does not know terminal or merchant
	BadPINBlock             // the PIN cannot be read: other keys? sign in again
	BadMAC                  // the MAC is wrong: other keys? sign in again
	TerminalBarred          // terminal or merchant is suspended
	CardCheck               // the chip's cryptogram is not right
	UseChip                 // the stripe was read of a card whose chip is to be used
	InProgress              // nothing is decided yet: ask again
	roles
)

var roleNames = [roles]string{
	NoRole: "none", Approved: "approved", Partial: "partial", Declined: "declined", UnknownMerchant: "unknown-merchant",
	InvalidTransaction: "invalid-transaction", InvalidAmount: "invalid-amount", InvalidCard: "invalid-card", TooLate: "too-late",
	NoOriginal: "no-original", FormatError: "format-error", InsufficientFunds: "insufficient-funds", ExpiredCard: "expired-card",
	WrongPIN: "wrong-pin", OverLimit: "over-limit", OriginalDiffers: "original-differs", SignInFirst: "sign-in-first",
	Duplicate: "duplicate", TotalsDiffer: "totals-differ", Malfunction: "malfunction", UnknownTerminal: "unknown-terminal",
	BadPINBlock: "bad-pin-block", BadMAC: "bad-mac", TerminalBarred: "terminal-barred", CardCheck: "card-check", UseChip: "use-chip", InProgress: "in-progress",
}

// String gives the name that dialect files use: "invalid-amount".
func (r Role) String() string {
	if r >= roles {
		return "?"
	}
	return roleNames[r]
}

// RoleNamed is the role of a name that String gives.
func RoleNamed(name string) (Role, bool) {
	i := slices.Index(roleNames[1:], name)
	return Role(i + 1), i >= 0
}

// CodeInfo is what a network says of a response code.
type CodeInfo struct {
	Code    Code
	Class   Class
	Roles   []Role
	Words   string   // what it means in an answer
	Display string   // what terminals show; wording differs a little from maker to maker
	Keys    string   // the profile's keys to look at when a host answers it and should not
	Cards   []string // the roles of cards for which hosts usually answer it
	Next    NextStep // what the operator does then
}

// Cause is why a reversal is sent.
type Cause uint8

const (
	OtherCause Cause = iota // the answer cannot be trusted, or the terminal cannot go on
	NoAnswer                // the answer did not come
	WrongMAC                // its MAC is wrong
	Unfinished              // the host approved, and the card did not
	causes
)

var causeNames = [causes]string{OtherCause: "other", NoAnswer: "no-answer", WrongMAC: "bad-mac", Unfinished: "unfinished"}

// CauseNamed is the cause of a name: no-answer, other, bad-mac or unfinished.
func CauseNamed(name string) (Cause, bool) {
	i := slices.Index(causeNames[:], name)
	return Cause(max(i, 0)), i >= 0
}

// Reason is a code for why a reversal is sent.
type Reason struct {
	Code  Code
	Words string
}

// Code is the network's code for a role; where it has none, that for a decline
// without a reason.
func (d *Dialect) Code(r Role) Code {
	if c := d.roles[r]; c != (Code{}) {
		return c
	}
	return d.roles[Declined]
}

// Approves is the code with which a host approves transaction t.
func (d *Dialect) Approves(t Transaction) Code {
	if f := d.Form(t); f != nil && f.Approval != (Code{}) {
		return f.Approval
	}
	return d.roles[Approved]
}

// Means reports whether the network has a code for a role, and c is it.
func (d *Dialect) Means(c Code, r Role) bool { return c != Code{} && c == d.roles[r] }

// HasCode reports whether the network has a code for a role.
func (d *Dialect) HasCode(r Role) bool { return d.roles[r] != Code{} }

// About is what the network says of a code; of one that it does not know nothing,
// and such a code declines.
func (d *Dialect) About(c Code) CodeInfo {
	if i, ok := d.codes[c]; ok {
		info := d.Codes[i]
		if d.DUKPT != keys.NoDUKPT { // no sign-in brings keys
			info.Keys = strings.Replace(info.Keys, "sign-in, terminals (master keys)", "dukpt (start, base, key-set)", 1)
		}
		return info
	}
	return CodeInfo{Code: c}
}

// Display is what terminals show for a code, "" for one of which the network says
// nothing.
func (d *Dialect) Display(c Code) string {
	if c == d.roles[Approved] { // most are
		return d.Codes[d.approved].Display
	}
	if i, ok := d.codes[c]; ok {
		return d.Codes[i].Display
	}
	return ""
}

// Class says what a code means for the money.
func (d *Dialect) Class(c Code) Class {
	if c == d.roles[Approved] { // most are
		return Approves
	}
	if i, ok := d.codes[c]; ok {
		return d.Codes[i].Class
	}
	return Declines
}

// KeysInDoubt reports whether a decline says that terminal and host have no key in
// common, so that no MAC could be right on it.
func (d *Dialect) KeysInDoubt(c Code) bool {
	return d.Means(c, SignInFirst) || d.Means(c, UnknownTerminal) || d.Means(c, BadMAC)
}

// AsksSignIn reports whether a decline makes a terminal sign in again.
func (d *Dialect) AsksSignIn(c Code) bool {
	return d.Means(c, SignInFirst) || d.Means(c, BadMAC) || d.Means(c, BadPINBlock)
}

// CodeRole begins the roles of cards that are there to be answered with a code, as
// answers-a1; the code follows in small letters.
const CodeRole = "answers-"

// Usual is the code that hosts usually answer for a card of some role; false for a
// role of which the network says nothing.
func (d *Dialect) Usual(card string) (Code, bool) {
	if code, is := strings.CutPrefix(card, CodeRole); is {
		c := CodeOf(strings.ToUpper(code))
		_, known := d.codes[c]
		return c, known
	}
	for i := range d.Codes {
		if slices.Contains(d.Codes[i].Cards, card) {
			return d.Codes[i].Code, true
		}
	}
	return Code{}, false
}

// Reason is the code of a reversal with a cause; the one of other causes where the
// network does not tell this one, none where it tells none.
func (d *Dialect) Reason(c Cause) Code {
	if r := d.causes[c]; r != (Code{}) {
		return r
	}
	return d.causes[OtherCause]
}

// ReasonWords says what a code means in a reversal, "" for one that is no reason.
func (d *Dialect) ReasonWords(c Code) string {
	for _, r := range d.Reasons {
		if r.Code == c {
			return r.Words
		}
	}
	return ""
}
