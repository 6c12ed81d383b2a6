package scenarios

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// place is where a row of a field table looks in a message.
type place struct {
	field int // 0 is the MTI
	part  wire.Element
	whole bool // the field is meant, not the part
	mac   bool // the MAC, in whatever field it is
}

// placeOf finds what a row names: MTI, MAC, the number of a field, a part as the
// dialect numbers it, or an element. The error is a [Need] for what other dialects
// have and this one has not.
func placeOf(d *dialect.Dialect, name string) (place, error) {
	switch name {
	case "MTI", "报文类型":
		return place{whole: true}, nil
	case "MAC":
		return place{mac: true, whole: true}, nil
	}
	number, part, parted := strings.Cut(name, ".")
	if n, err := strconv.Atoi(number); err == nil && n > 1 && n <= 128 && !d.HasField(n) {
		if _, err := strconv.Atoi(part); err == nil || !parted {
			return place{}, lack("dialect %s has no field %d", d.Name, n)
		}
	} else if err == nil && n > 1 && n <= 128 && !parted {
		return place{field: n, whole: true, mac: wire.IsMAC(n)}, nil
	}
	for e, at := range d.Places {
		if at.Name == name {
			return place{field: at.Field, part: e}, nil
		}
	}
	e, ok := elementsChinese[name]
	if !ok {
		e, ok = wire.ElementNamed(strings.ReplaceAll(strings.ToLower(name), " ", "-"))
	}
	switch {
	case !ok && partElsewhere(name):
		return place{}, lack("dialect %s has no part %s", d.Name, name)
	case !ok:
		return place{}, fmt.Errorf("dialect %s has no field %q", d.Name, name)
	case !d.Has(e):
		return place{}, lack("dialect %s has no %s", d.Name, strings.ReplaceAll(e.String(), "-", " "))
	}
	at := d.Place(e)
	return place{field: at.Field, part: e, whole: at.To == 0}, nil
}

// partElsewhere reports whether a dialect that comes with posfleet numbers a part so.
func partElsewhere(name string) bool {
	for _, of := range dialect.Names() {
		d, _ := dialect.Named(of)
		for _, at := range d.Places {
			if at.Name == name {
				return true
			}
		}
	}
	return false
}

// in is what stands there in a message; nil when it is not there.
func (p *place) in(m *wire.Message) []byte {
	switch {
	case m == nil:
		return nil
	case p.mac && p.field == 0:
		return m.Field(m.MACField())
	case p.field == 0:
		return []byte(m.MTI())
	case p.whole:
		return m.Field(p.field)
	}
	return m.Get(p.part)
}

// entries are how an entry mode is written in a field table.
var entries = []word[sim.Entry]{
	{"stripe", "刷卡", sim.Swipe}, {"chip", "插卡", sim.Insert}, {"tap", "挥卡", sim.Tap}, {"typed", "手输", sim.Keyed}, {"code", "扫码", sim.Code}, {"held", "挥卡不离开", sim.Held}, {"fallback", "降级刷卡", dialect.Instead},
}

// entryNamed reads an entry mode, as "stripe and PIN" or "tap without PIN".
func entryNamed(text string) (reading, bool) {
	for _, w := range entries {
		for i, name := range []string{w.english, w.chinese} {
			switch text {
			case name + [...]string{" and PIN", "有密码"}[i]:
				return reading{entry: w.means, pin: true}, true
			case name + [...]string{" without PIN", "无密码"}[i]:
				return reading{entry: w.means, pin: false}, true
			}
		}
	}
	return reading{}, false
}
