package profile

import (
	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/strict"
)

// ByKind, in place of a line profile's name, has each terminal's line be the one that
// its kind comes with.
const ByKind = "kinds"

// Screens are what terminals of a network show where makers differ.
type Screens struct {
	Brand   string // while it tests itself
	Standby string // when it waits for whoever is to log in
}

// devices reads kinds of terminal, line profiles and screens, over those that come
// with posfleet.
func (r reader) devices(p *Profile, kinds, lines, screens strict.Value, playedAt int) {
	p.Kinds, p.Lines = device.Kinds(), line.Profiles()
	p.Screens = Screens{Brand: "posfleet", Standby: "请输入密码"}
	if lines.Given() {
		p.Lines = line.ReadProfiles(r.Reader, lines, p.Lines)
	}
	known := func(name string) bool { return line.FindProfile(p.Lines, name) != nil }
	if kinds.Given() {
		p.Kinds = device.ReadKinds(r.Reader, kinds, p.Kinds, known)
	}
	if screens.Given() {
		r.Map(screens, strict.Table{"brand": r.Text(&p.Screens.Brand), "standby": r.Text(&p.Screens.Standby)})
	}
	if p.LineProfile != "" && p.LineProfile != ByKind && !known(p.LineProfile) {
		r.FailAt(max(1, playedAt), "line-profile", "%s, want %s, or %s for that of each terminal's kind", strict.Quote(p.LineProfile), line.ProfileNames(p.Lines), ByKind)
	}
}

// LineOf is the line profile that a terminal's line plays when a run plays the one
// that is named, or each kind's; nil for none.
func (p *Profile) LineOf(t *Terminal, played string) *line.Profile {
	if played == ByKind {
		if t.Kind == nil {
			return line.FindProfile(p.Lines, device.Find(p.Kinds, device.Desktop().Name).Line)
		}
		return line.FindProfile(p.Lines, t.Kind.Line)
	}
	return line.FindProfile(p.Lines, played)
}
