// Package profile describes a network under test: address, dialect, terminals
// with their master keys, merchants with their fee plans, operators, test
// cards by role, and the terminals' policy.
//
// One strict YAML file holds a [Profile] (see [Load]); [Bundled] is the one
// that posfleet's own host serves. Terminals and the bundled host read the
// same profile, features speak of its roles only, so the same features run
// against the bundled host and a user's.
package profile

import (
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
)

// Profile is a network under test. [Load], [Parse] or [Bundled] make it; from
// then on it is read only and any number of goroutines may share it.
type Profile struct {
	Name      string
	Dialect   *dialect.Dialect
	Address   string // host:port of the host under test; empty for the bundled host
	TLS       *TLS   // nil for plain TCP
	Head      []byte // routing header of requests: TPDU and application header
	MAC       keys.Algorithm
	SignIn    keys.KeyBlock // kind of working-key block asked for at sign-in
	Terminals []Terminal
	Merchants []Merchant
	Operators []Operator
	Cards     []Card // in the file's order; Role is unique
	Policy    Policy

	LivePAN       bool // a card is outside the named test ranges, accepted by the file: write no card number at all
	AllowTestKeys bool // published test keys may meet an address that is not loopback

	published string              // terminal whose master key is a published one; empty for none
	holders   map[string][]Holder // by role
}

// TLS is how to reach a host over TLS.
type TLS struct {
	CA         string // PEM file; empty for the system's roots
	Cert, Key  string // PEM files of the client's certificate, when asked for
	ServerName string // when it is not the address's
}

// Terminal is one terminal's entry.
type Terminal struct {
	TID    string // 8 characters
	MID    string // 15 characters, of a Merchant
	Kind   Kind
	Master Secret // 16 octets: the master key (TMK)
}

// Kind is what a terminal can read.
type Kind string

const (
	Counter Kind = "counter" // stripe, chip, PIN pad
	Mobile  Kind = "mobile"  // the same, on the move
	QRBox   Kind = "qr"      // payment codes only
)

// Merchant is a merchant and its fee plan.
type Merchant struct {
	MID  string
	Name string
	Fee  Fee
}

// Fee is what the acquirer keeps of each payment.
type Fee struct {
	BasisPoints int64 // hundredths of a percent of the amount
	Cap         int64 // at most this many fen; 0 for no cap
}

// Of is the fee for an amount in fen, rounded half up.
func (f Fee) Of(amount int64) int64 {
	fee := (amount*f.BasisPoints + 5000) / 10000
	if f.Cap > 0 && fee > f.Cap {
		return f.Cap
	}
	return fee
}

// Operator is who may work at the terminals: 01..98 operators, 00 the
// supervisor, 99 the administrator.
type Operator struct {
	Number   string
	Password Secret
}

// Card is a test card, or a range of alike ones, by role.
type Card struct {
	Role     string // "good", "poor", "expired", "stolen", …
	PAN      string // of the first one; empty when there is only a payment code
	Count    int    // how many, at least 1; the others follow by account number, each with its own check digit
	Expiry   string // YYMM
	Sequence string // card sequence number, three digits; empty when it has no chip
	Service  string // service code on the stripe, three digits
	Extra    Secret // discretionary digits that end track 2, cut to fit its 37
	PIN      Secret // the account's; empty when it has none
	Typed    Secret // what the cardholder types; the PIN unless the role is to mistype
	Code     string // QR payment code of the first one, 19 digits; empty when it has none
	// What the bundled host knows of the account.
	Balance int64  // fen
	Limit   int64  // largest single payment in fen; 0 for none
	Answer  string // response code that it gives for this card whatever is asked; empty for the rules
}

// Policy is what sources disagree on or networks set (docs/profile.md).
type Policy struct {
	Timeout          time.Duration // response timeout
	ReversalTries    int           // sendings of one reversal before it is given up
	ReversalReason   string        // field 39 of a reversal after no answer: 98 or 06
	ReversalAccepts  []string      // answers that end a reversal
	ReversalOriginal bool          // field 61 on the reversal of a plain purchase too
	KeepOnMismatch   bool          // an answer that fails the echo checks leaves the reversal owed
	AbortOnReversal  bool          // a reversal out of tries also aborts the payment that waited for it
	DefectiveIsGood  bool          // A2, A4, A5, A6 count as approved
	Supervisor       bool          // void and refund ask for the supervisor's password
	AutoSignOff      bool          // sign off after settlement
	JournalLimit     int           // payments in a batch before the terminal must settle
	RefundLimit      int64         // largest refund in fen
	EncryptTracks    bool          // encipher tracks when the sign-in gave a track key
}
