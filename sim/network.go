package sim

import (
	"errors"
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
)

// Trouble is why a terminal does not get through to its host.
type Trouble uint8

const (
	NoTrouble     Trouble = iota
	NoPower               // the terminal is off
	BrokenPart            // the part that makes the line does not work
	NoSignal              // the line is down
	HostRefuses           // the line is up, the host takes no connection or hangs up
	HostSilent            // it takes connections and answers nothing
	NotRegistered         // it answers that it does not know the terminal
	OtherTrouble          // TLS with it fails, or it answers something else than it should
)

// String says the trouble in words, as verdicts and reports do.
func (t Trouble) String() string {
	return [...]string{"no trouble", "no power", "a broken part", "no signal", "the host refuses", "the host is silent", "the terminal is not registered", "another trouble"}[min(t, OtherTrouble)]
}

// Diagnosis is what a terminal found of its way to the host, and why it thinks so.
type Diagnosis struct {
	Trouble Trouble
	Why     error // nil for no trouble
}

func (d Diagnosis) String() string {
	if d.Why == nil {
		return d.Trouble.String()
	}
	return d.Trouble.String() + ": " + d.Why.Error()
}

// CheckNetwork finds out, from the plug to the host's books, why a terminal does not
// get through, and shows it: power, the part that makes the line, the line, the host.
// It sends an echo test, where the network has one, and a sign-in if an operator is
// logged in; what that changes it changes here.
func (p *Player) CheckNetwork() Diagnosis {
	t := p.T
	switch {
	case !t.On:
		t.Display = ""
		return Diagnosis{NoPower, t.dead()}
	case t.mute() != 0:
		broken := t.mute()
		t.Display = device.Parts(broken).Fails()
		return Diagnosis{BrokenPart, broken}
	}
	asked := false
	if f := t.Profile.Dialect.Form(dialect.Echo); f != nil {
		p.begin(t, f)
		if d := t.diagnose(p.exchange(f)); d.Trouble != NoTrouble {
			return d
		}
		asked = true
	}
	if t.Operator != "" || !asked {
		if err := p.signIn((*Player).exchange); err != nil {
			return Diagnosis{OtherTrouble, err}
		}
		if d := t.diagnose(&p.Last); d.Trouble != NoTrouble {
			return d
		}
	}
	t.Display = "网络正常"
	return Diagnosis{}
}

// diagnose is what an exchange tells of the way to the host; the terminal shows it.
func (t *Terminal) diagnose(r *Result) Diagnosis {
	switch trouble := TroubleOf(r); trouble {
	case NoTrouble:
		return Diagnosis{}
	case NoSignal:
		t.Display = noSignal
		if l := t.Profile.LineOf(t.Terminal, "kinds"); l != nil && l.NoSignal != "" {
			t.Display = l.NoSignal
		}
		return Diagnosis{trouble, r.Reason()}
	case HostSilent:
		t.Display = "接收数据超时"
		return Diagnosis{trouble, r.Reason()}
	default:
		t.Display = show(r)
		return Diagnosis{trouble, r.Reason()}
	}
}

// TroubleOf is what the end of an exchange tells of the way to the host. An answer of
// any code but that of an unknown terminal is none: the host is there.
func TroubleOf(r *Result) Trouble {
	switch {
	case !r.ended:
		return NoTrouble
	case r.Outcome == report.Unsent:
		if _, is := errors.AsType[muted](r.Why); is {
			return BrokenPart
		}
		switch line.CauseOf(r.Why) {
		case line.NoSignal:
			return NoSignal
		case line.HostRefuses:
			return HostRefuses
		case line.HostSilent:
			return HostSilent
		case line.Untrusted, line.NoTLS:
			return OtherTrouble
		}
		if errors.Is(r.Why, line.ErrUnsent) {
			return HostRefuses
		}
		return OtherTrouble
	case r.Outcome == report.Broken:
		return HostRefuses
	case r.Outcome == report.TimedOut:
		return HostSilent
	case r.Outcome == report.Declined && r.dialect.HasCode(dialect.UnknownTerminal) && r.Code == r.dialect.Code(dialect.UnknownTerminal):
		return NotRegistered
	case r.Outcome == report.Refused || r.Outcome == report.Open:
		return OtherTrouble
	}
	return NoTrouble
}

// muted are the parts without which a terminal sends nothing, those that do not work.
type muted device.Parts

func (m muted) Error() string { return fmt.Sprintf("its %s does not work", device.Parts(m)) }

// mute is why the terminal can send nothing over any line; 0 when it can.
func (t *Terminal) mute() muted { return muted(t.broken() & (device.SIM | device.Modem)) }

// noSignal is what terminals show whose line is down.
const noSignal = "网络已断开, 请检查线路"
