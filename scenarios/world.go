package scenarios

import (
	"time"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/rules"
	"github.com/posfleet/posfleet/sim/wire"
)

// world is what the sentences of one scenario keep between them; Cucumber calls
// it so. It is the player's Vars.
type world struct {
	exchanges   []exchange              // all; nil under load
	seat, seats int                     // of a check: this one, of so many; 0 under load
	plans       int                     // of a check: how many scenarios it plays; 0 under load
	batches     map[*sim.Terminal]error // of the seat: whether a settlement ends a batch; nil under load

	refusal  error               // why the terminal refused the last thing asked of it
	asked    int                 // of the host, when something was printed again
	original sim.Record          // of the latest follow-up
	older    sim.Record          // the last in the terminal's batch when the scenario began; none under load
	slip     sim.Record          // of the purchase that the operator kept the slip of
	balance  int64               // fen, as the host told it
	known    bool                // balance is
	inquiry  dialect.Transaction // that it was told by
	card     *profile.Card       // that was read last
	batch    uint32              // its number
	trace    uint32              // the terminal's, before the scenario set it
	traceSet bool                // the scenario has
	people   people              // operators
	bank     bank                // the merchant at the bank

	code    []byte                         // payment code that a phone showed last
	payer   *profile.Holder                // whose phone it was
	shown   []byte                         // code that the terminal showed last
	numbers [][dialect.OrderNumberLen]byte // of orders that sentences looked at

	shop      shop                // that becomes a merchant
	connect   func(*sim.Terminal) // gives a terminal a line of its own; nil under load
	hearOut   func()              // hears what may still come on the terminal's line; nil under load
	diagnosis sim.Diagnosis       // of the last check of the network

	spoilt   int64           // answers whose MAC the line has been made to spoil so far
	faults   int64           // that the line has been made to do so far
	doubled  int64           // of them requests that the line sent twice
	unheard  int64           // of these, to requests
	flawed   bool            // a request was sent that is not as requests are
	answered bool            // the host has answered something
	lingers  time.Duration   // a sentence that says that nothing more comes
	silent   bool            // that it has kept silent, or hung up, was taken for a refusal
	seen     int             // exchanges that sentences have looked at
	latest   int             // the first exchange of the latest sentence that had any
	undone   []func()        // what the scenario changed on its terminal, to be changed back
	broken   []*rules.Broken // rules that its answers broke, without the line's doing
	aside    []*rules.Broken // those that answers broke which are not the scenario's
	reversal error           // why the last reversal was not acknowledged
}

// exchange is one exchange as it went over the line.
type exchange struct {
	request, answer *wire.Message // answer is nil when none came
	result          sim.Result
	bent            bool          // the line was made to do something to it
	hung            bool          // the host has hung up instead of answering, and nothing was done to the line
	unheard         bool          // the host could not take it for what it was: the line has lost, cut or spoilt the request
	unspoilt        bool          // the line was to spoil the MAC of the answer, which has none
	card            *profile.Card // that was read last; nil for none
	asked, broken   rules.Set     // rules to which the answer was held, and those that it broke
}

// strange reports whether the host was sent what no terminal sends: a request with a flaw
// or a spoilt MAC, or something back.
func (w *world) strange(injected *[len(line.Faults{}.Injected)]int64) bool {
	return w.flawed || injected[line.SpoilRequest]+injected[line.EchoAnswer]+injected[line.EchoRequest] > 0
}

// worldOf gives the scenario's world; a player under load keeps one.
func worldOf(p *sim.Player) *world {
	w, ok := p.Vars.(*world)
	if !ok {
		w = &world{}
		p.Vars = w
	}
	return w
}

// undo has something done at the end of the scenario.
func (w *world) undo(f func()) { w.undone = append(w.undone, f) }

// Reset forgets everything, for the next scenario.
func (w *world) Reset() {
	*w = world{exchanges: w.exchanges[:0], code: w.code[:0], shown: w.shown[:0], numbers: w.numbers[:0]}
}
