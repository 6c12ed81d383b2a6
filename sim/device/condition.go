package device

// Condition is what is wrong with one machine. The zero Condition is one of which
// nothing is.
type Condition struct {
	Broken   Parts // fail in the self-test and in use
	NoPower  bool  // no mains and an empty battery: it does not switch on
	Low      bool  // the battery is nearly empty
	Dirty    int   // so many swipes will be misread
	Tampered bool  // opened, or wet: it has wiped its keys, the master key too
	Testing  bool  // the self-test is under way: keys are dead

	Told     []string // what the last self-test told, in words
	Reported Parts    // the broken ones that the host has confirmed to know of
	Ticket   string   // number under which service looks after it; empty for none
}

// What a terminal tells of what is wrong, beside [Parts.Fails].
const (
	LowText      = "电量低,请充电!"
	MisreadText  = "读卡失败, 请重刷"
	TamperedText = "密钥丢失, 请重新下载主密钥"
)

// IsBroken reports whether any of the given parts is.
func (c *Condition) IsBroken(p Parts) bool { return c != nil && c.Broken&p != 0 }

// SelfTest looks at the parts that terminals of the kind have, in their order, and
// keeps in the condition what it tells.
func (k *Kind) SelfTest(c *Condition) {
	c.Told = nil
	for one := range (c.Broken & k.parts()).Each {
		if text := one.Fails(); text != "" {
			c.Told = append(c.Told, text)
		}
	}
	if c.Low && k.Has(Battery) {
		c.Told = append(c.Told, LowText)
	}
	if c.Tampered {
		c.Told = append(c.Told, TamperedText)
	}
}

// Lacks are the first parts that are needed and either not there or broken: what is
// missing of the kind, what is broken of the machine. Both are none when nothing is
// in the way.
func (k *Kind) Lacks(c *Condition, needed Parts) (missing, broken Parts) {
	missing = needed &^ k.parts()
	if c != nil {
		broken = c.Broken & needed
	}
	return missing, broken
}
