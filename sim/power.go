package sim

import (
	"fmt"

	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// PowerOn switches the terminal on and lets it test itself. Keys, batch and journal
// outlive a power cut; the operator has to log in again.
func (t *Terminal) PowerOn() {
	if t.Condition == nil {
		t.On, t.Locked, t.Operator, t.Display = true, false, "", t.Profile.Screens.Standby
		t.stopSigning()
		return
	}
	t.SwitchOn()
	t.SelfTest()
}

// SwitchOn begins what PowerOn does whole: the terminal shows its brand and tests its
// parts, and until SelfTest has ended it no key does anything. Without power it stays
// off.
func (t *Terminal) SwitchOn() {
	c := t.condition()
	t.On, t.Locked, t.Operator, t.Display = !c.NoPower, false, "", ""
	t.stopSigning()
	if c.Testing = t.On; t.On && !c.IsBroken(device.Display) {
		t.Display = t.Profile.Screens.Brand
	}
}

// SelfTest ends the self-test that SwitchOn began: what it found is in the terminal's
// Condition, and the terminal stands by, unless nobody could use it.
func (t *Terminal) SelfTest() {
	c := t.condition()
	if !t.On {
		return
	}
	c.Testing = false
	t.Kind.SelfTest(c)
	switch {
	case c.IsBroken(device.Display):
		t.Display = ""
	case c.IsBroken(device.Keyboard):
		t.Display = device.Keyboard.Fails()
	default:
		t.Display = t.Profile.Screens.Standby
	}
}

// Wear changes what is wrong with the terminal's machine.
func (t *Terminal) Wear(change func(*device.Condition)) { change(t.condition()) }

// Mend makes the machine as new. What it wiped stays wiped.
func (t *Terminal) Mend() { t.Condition = nil }

func (t *Terminal) condition() *device.Condition {
	if t.Condition == nil {
		t.Condition = &device.Condition{}
	}
	return t.Condition
}

// Tamper opens the terminal, or lets water in: it wipes its working keys and its
// master key, and signs in no more until one is loaded.
func (t *Terminal) Tamper() {
	t.condition().Tampered = true
	t.keys, t.SignedIn = keys.Set{}, false
	if t.On {
		t.Display = device.TamperedText
	}
}

// LoadMaster puts a master key into a terminal that has wiped its own, as whoever
// brings or downloads one does. It has to sign in again.
func (t *Terminal) LoadMaster() {
	if t.Condition != nil {
		t.Condition.Tampered = false
	}
	if t.On {
		t.Display = t.Profile.Screens.Standby
	}
}

// HasKeys reports whether the terminal has working keys.
func (t *Terminal) HasKeys() bool { return t.keys.MAC != nil || t.keys.PIN != nil }

// dead says why nothing can be done at the terminal just now: it is off, tests
// itself, or has no keys to press; nil when it can be used.
func (t *Terminal) dead() error {
	c := t.Condition
	switch {
	case !t.On && c != nil && c.NoPower:
		return fmt.Errorf("%w: it has no power", ErrRefusedLocally)
	case !t.On:
		return fmt.Errorf("%w: it is switched off", ErrRefusedLocally)
	case c == nil:
		return nil
	case c.Testing:
		return fmt.Errorf("%w: it tests itself, and its keys are dead", ErrRefusedLocally)
	case c.Broken&(device.Display|device.Keyboard) != 0:
		return fmt.Errorf("%w: its %v does not work", ErrRefusedLocally, c.Broken&(device.Display|device.Keyboard))
	}
	return nil
}

// wiped refuses a sign-in of a terminal without a master key.
func (t *Terminal) wiped() error {
	if t.Condition == nil || !t.Condition.Tampered {
		return nil
	}
	t.Display = device.TamperedText
	return fmt.Errorf("%w: it has been tampered with and has wiped its master key, load one", ErrRefusedLocally)
}

// reads is which part reads a card or code, by how it comes in.
var reads = [...]device.Parts{Swipe: device.StripeReader, Insert: device.ChipReader, Tap: device.TapReader, Keyed: device.Keyboard, Code: device.Camera, Held: device.TapReader}

// worn says why the terminal cannot take an order with the parts that it has, or that
// still work.
func (t *Terminal) worn(o *Order) error {
	if o.Entry != Code && !t.Kind.ReadsCards() {
		t.Display = "本机不支持银行卡"
		return fmt.Errorf("%w: a terminal of kind %s reads no cards", ErrRefusedLocally, t.Kind)
	}
	if o.Holder == nil { // nothing is read
		return nil
	}
	needed := reads[o.Entry]
	if o.Onto != nil {
		needed |= reads[Insert]
	}
	if o.PIN && o.Entry != Code && len(o.Holder.Typed) > 0 {
		needed |= device.PINPad
	}
	missing, broken := t.Kind.Lacks(t.Condition, needed)
	switch {
	case missing != 0:
		t.Display = "本机不支持该操作"
		return fmt.Errorf("%w: a terminal of kind %s has no %s", ErrRefusedLocally, t.Kind, missing)
	case broken != 0:
		t.Display = broken.Fails()
		return fmt.Errorf("%w: its %s does not work", ErrRefusedLocally, broken)
	case t.Condition != nil && o.Entry == Swipe && t.Condition.Dirty > 0:
		t.Condition.Dirty--
		t.Display = device.MisreadText
		return fmt.Errorf("%w: the stripe could not be read, swipe again", ErrRefusedLocally)
	}
	return nil
}

// Receipt is how a customer gets the slip of an approved payment.
type Receipt string

const (
	Printed    Receipt = "printed"
	Electronic Receipt = "electronic" // by code or message: there is no printer, or it does not work
)

// Receipt is how the terminal gives one.
func (t *Terminal) Receipt() Receipt {
	if missing, broken := t.Kind.Lacks(t.Condition, device.Printer); missing|broken != 0 {
		return Electronic
	}
	return Printed
}

// broken are the parts that the terminal has and that do not work.
func (t *Terminal) broken() device.Parts {
	if t.Condition == nil {
		return device.None
	}
	return t.Condition.Broken & t.Kind.All()
}

// UploadStatus has the terminal tell the host which of its parts work. The number of
// a service ticket, where the answer brings one, is in its Condition.
func (p *Player) UploadStatus() error {
	f := p.T.Profile.Dialect.Form(dialect.StatusUpload)
	if f == nil {
		return fmt.Errorf("dialect %s has no status upload", p.T.Profile.Dialect.Name)
	}
	if !p.T.On {
		return p.T.dead()
	}
	p.uploadStatus(f, (*Player).exchange)
	return nil
}

func (p *Player) uploadStatus(f *dialect.Form, exchange func(*Player, *dialect.Form) *Result) {
	t := p.T
	broken := t.broken()
	p.begin(t, f)
	if len(f.ManagementCodes) > 0 {
		p.req.SetString(wire.ManagementCode, f.ManagementCodes[0])
	}
	p.scratch = t.Profile.Dialect.AppendStatus(p.scratch[:0], t.Kind.All(), broken)
	p.req.Set(wire.TerminalStatus, p.scratch)
	if r := exchange(p, f); r.Approved() && broken != device.None {
		t.Condition.Reported = broken
		t.Condition.Ticket = p.ans.Text(wire.TerminalStatus)
	}
}

// reportFaults tells the host of parts that do not work, once, as soon as it listens:
// after a sign-in.
func (p *Player) reportFaults() {
	broken := p.T.broken()
	if broken == device.None || p.T.Condition.Reported == broken {
		return
	}
	if f := p.T.Profile.Dialect.Form(dialect.StatusUpload); f != nil {
		p.uploadStatus(f, (*Player).exchangeAside)
	}
}
