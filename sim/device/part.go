// Package device says what terminals are made of: which parts each kind has, what
// its screen says of one that fails, and what is left without it.
//
// A [Kind] is a row of kinds.yaml, or of a profile: a set of [Parts] and the name of
// the line that such a terminal comes with. A [Condition] is what is wrong with one
// machine, nil for nothing; [Kind.SelfTest] looks at its parts in their order.
package device

import "strings"

// Parts is a set of parts: a bit each, in the order in which a self-test looks at
// them.
type Parts uint16

const (
	Display Parts = 1 << iota
	Keyboard
	PINPad
	StripeReader
	ChipReader
	TapReader
	Camera // reads payment codes; a scanner does as well
	Printer
	SignaturePad
	Battery
	SIM
	Modem // what the line is plugged into, or the radio
	endOfParts
)

// None is no part, CardReader each way of reading a card, and All every part.
const (
	None       Parts = 0
	CardReader       = StripeReader | ChipReader | TapReader
	All              = endOfParts - 1
)

// words are how profiles, dialects and features name each part, and what a terminal
// shows when it fails: the words of three makers' applications, docs/sources.md. A
// display that fails shows nothing.
var words = [...]struct{ name, chinese, fails string }{
	{"display", "显示屏", ""},
	{"keyboard", "键盘", "键盘故障"},
	{"pin-pad", "密码键盘", "密码键盘出现问题"},
	{"stripe-reader", "磁条读卡器", "磁条读卡器故障"},
	{"chip-reader", "IC卡读卡器", "IC卡读卡器故障"},
	{"contactless-reader", "非接读卡器", "非接读卡器故障"},
	{"camera", "摄像头", "摄像头故障"},
	{"printer", "打印机", "打印机故障"},
	{"signature-pad", "签名板", "签名板故障"},
	{"battery", "电池", "电池故障"},
	{"sim", "SIM卡", "未检测到SIM卡"},
	{"modem", "通讯模块", "通讯模块故障"},
}

// groups are sets of parts that have a name of their own.
var groups = []struct {
	name, chinese string
	parts         Parts
}{
	{"card-reader", "读卡器", CardReader},
}

// Has reports whether all of the given parts are in the set.
func (p Parts) Has(of Parts) bool { return p&of == of }

// Each gives the parts of a set one by one, in their order.
func (p Parts) Each(yield func(Parts) bool) {
	for i := range words {
		if one := Parts(1) << i; p&one != 0 && !yield(one) {
			return
		}
	}
}

// String names the parts of a set, as "printer, battery"; "none" for none.
func (p Parts) String() string {
	var names []string
	for one := range p.Each {
		names = append(names, words[one.index()].name)
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Fails is what a terminal shows of the first part in the set when it fails.
func (p Parts) Fails() string {
	for one := range p.Each {
		return words[one.index()].fails
	}
	return ""
}

// index is the place of a single part in the tables.
func (p Parts) index() int {
	for i := range words {
		if p == 1<<i {
			return i
		}
	}
	return 0
}

// Named is the part, or the group of parts, of a name in English or Chinese; none for
// a name that no part has. Words may stand apart, as in "pin pad".
func Named(name string) (Parts, bool) {
	name = strings.ReplaceAll(strings.ToLower(name), " ", "-")
	for i, w := range words {
		if name == w.name || name == strings.ToLower(w.chinese) {
			return 1 << i, true
		}
	}
	for _, g := range groups {
		if name == g.name || name == g.chinese {
			return g.parts, true
		}
	}
	return None, false
}

// Names are the names of all parts, or the Chinese ones, then those of groups.
func Names(chinese bool) (all []string) {
	pick := func(english, other string) string {
		if chinese {
			return other
		}
		return english
	}
	for _, w := range words {
		all = append(all, pick(w.name, w.chinese))
	}
	for _, g := range groups {
		all = append(all, pick(g.name, g.chinese))
	}
	return all
}
