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
	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/operator"
	"github.com/posfleet/posfleet/sim/wire"
)

// Profile is a network under test. [Load], [Parse] or [Bundled] make it; from
// then on it is read only and any number of goroutines may share it.
type Profile struct {
	Name      string
	Dialect   *dialect.Dialect
	Address   string // host:port of the host under test; empty for the bundled host
	TLS       *TLS   // nil for plain TCP
	Admin     *Admin // where the host's admin API is; nil for a host without one that is known
	Line      string // how terminals are connected: own, each or shared:N; empty for own
	Head      []byte // routing header of requests: TPDU and application header
	MAC       keys.Algorithm
	SignIn    keys.KeyBlock // kind of working-key block asked for at sign-in
	DUKPT     DUKPT         // behind keys that are derived for each transaction
	Terminals []Terminal
	Stock     []Terminal  // at the acquirer: of no merchant until one is issued and bound
	Plans     []*fee.Plan // that merchants may have; those of fee.Bundled where the file has none
	Merchants []Merchant
	Operators []Operator
	Cards     []Card // in the file's order; Role is unique
	Policy    Policy
	Menu      Menu            // what orders are made of; no dishes for none
	Kinds     []*device.Kind  // of terminal: those that come with posfleet, and the file's
	Lines     []*line.Profile // named line profiles, likewise
	Screens   Screens

	LineProfile string // which of them a run plays, or kinds; empty for the lines as they are

	LivePAN       bool // a card is outside the named test ranges, accepted by the file: write no card number at all
	AllowTestKeys bool // published test keys may meet an address that is not loopback

	Transport    Secret   // under which terminals download their master keys; nil for terminals that have theirs
	MasterKeyRSA bool     // they download them under RSA keys of their own instead
	HSM          keys.HSM // where the terminals' master keys are

	published string              // terminal whose master key is a published one; empty for none
	holders   map[string][]Holder // by role
	numbered  [][]Holder          // the same, by their numbers
	delivered operator.Table
}

// HasPIN reports whether terminals can send a PIN: the network has a field for its
// block, and a sign-in brings a key for it or one is derived.
func (p *Profile) HasPIN() bool {
	return (p.SignIn != "" || p.Dialect.DUKPT != keys.NoDUKPT) && p.Dialect.Has(wire.PINBlock)
}
