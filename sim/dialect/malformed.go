package dialect

import (
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// Reactions are the ways in which a host may meet a request that is malformed.
type Reactions struct {
	Silence bool   // it does not answer
	HangUp  bool   // it ends the connection
	Refuses bool   // it answers with any code that declines
	Takes   bool   // it takes the request for a right one, and answers that
	Codes   []Code // it answers one of these
}

// The reactions that are no response code, as files spell them.
const (
	silence = "silence"
	hangUp  = "hang-up"
	refused = "refused"
	taken   = "taken"
)

// Reacts are the reactions to requests with a kind of defect. Where the dialect says
// nothing, whatever is no approval will do.
func (d *Dialect) Reacts(kind wire.DefectKind) Reactions {
	if r, said := d.Malformed[kind]; said {
		return r
	}
	return Reactions{Silence: true, HangUp: true, Refuses: true, Takes: kind == wire.OddForm}
}

// String is the reactions for people: "30, silence or hang-up".
func (r Reactions) String() string {
	var all []string
	for _, c := range r.Codes {
		all = append(all, c.String())
	}
	for _, of := range []struct {
		may  bool
		word string
	}{{r.Refuses, "any code that declines"}, {r.Takes, "an answer as to a right one"}, {r.Silence, "silence"}, {r.HangUp, "the end of the connection"}} {
		if of.may {
			all = append(all, of.word)
		}
	}
	if n := len(all); n > 1 {
		return strings.Join(all[:n-1], ", ") + " or " + all[n-1]
	}
	return strings.Join(all, "")
}

// Answers reports whether an answer with a code is among the reactions.
func (d *Dialect) Answers(r Reactions, c Code) bool {
	return r.Takes || slices.Contains(r.Codes, c) || r.Refuses && c != Code{} && d.Class(c) == Declines
}

// malformed reads how the network's hosts meet malformed requests, by kind.
func (r *reader) malformed(v strict.Value) {
	d := r.d
	d.Malformed = map[wire.DefectKind]Reactions{}
	r.Each(v, func(key string, v strict.Value) {
		kind, known := wire.DefectKindNamed(key)
		if !known {
			r.Fail(v, "no request is malformed so; docs/negative.md lists the kinds")
			return
		}
		var names []string
		r.words(&names)(v)
		may := Reactions{}
		for _, name := range names {
			role, ok := RoleNamed(name)
			switch {
			case name == silence:
				may.Silence = true
			case name == hangUp:
				may.HangUp = true
			case name == refused:
				may.Refuses = true
			case name == taken && kind == wire.OddForm:
				may.Takes = true
			case name == taken:
				r.Fail(v, "taken is for kind %s alone: a host that takes another is wrong", wire.OddForm)
			case !ok || role == Approved || role == Partial:
				r.Fail(v, "%s, want %s, %s, %s or what a code is for that declines, such as %s", strict.Quote(name), silence, hangUp, refused, FormatError)
			default: // of a role without a code, that of a decline without a reason
				may.Codes = append(may.Codes, d.Code(role))
			}
		}
		if len(names) == 0 {
			r.Fail(v, "want at least one reaction, or leave %s away", key)
		}
		d.Malformed[kind] = may
	})
}
