package wire

import "slices"

// macField is the field that holds the MAC: the last of the last bitmap.
func (m *Message) macField() int {
	if m.set[1] != 0 {
		return 128
	}
	return 64
}

// AddMAC makes room for the MAC, to be put in after packing (see MACSpan).
func (m *Message) AddMAC() { m.SetFieldString(m.macField(), "\x00\x00\x00\x00\x00\x00\x00\x00") }

// MACSpan gives, of the message last packed or read, the octets that the MAC covers
// (see Coverage), and the MAC, 8 octets: where they stand on the line, or, where the
// line has hexadecimal digits instead, the value of the field. Both are nil when the
// message carries none or it is not the last field. They hold until the message
// changes.
func (m *Message) MACSpan() (covered, mac []byte) {
	before, mac := m.macSpan()
	if before == nil || m.f.Covers.Fields == nil {
		return before, mac
	}
	if m.f.Covers.Values {
		return m.coveredValues(), mac
	}
	return m.coveredFields(), mac
}

// HasMAC reports whether the message last packed or read carries a MAC.
func (m *Message) HasMAC() bool {
	last := m.macField()
	return m.HasField(last) && len(m.raw) >= int(m.f.macs[last>>7])
}

// macSpan gives the octets before the MAC, from the MTI on, and the MAC.
func (m *Message) macSpan() (before, mac []byte) {
	if !m.HasMAC() {
		return nil, nil
	}
	last := m.macField()
	n := len(m.raw) - int(m.f.macs[last>>7])
	if m.f.codec.fields[last].kind == coded {
		return m.raw[:n:n], m.Field(last)
	}
	return m.raw[:n:n], m.raw[n:]
}

// coveredValues puts the values of the fields covered one after another.
func (m *Message) coveredValues() []byte {
	m.covered = m.covered[:0]
	for _, n := range m.f.Covers.Fields {
		if n == 0 {
			m.covered = append(m.covered, m.mti[:]...)
		} else {
			m.covered = append(m.covered, m.Field(n)...)
		}
	}
	return m.covered
}

// coveredFields puts the octets of the fields covered one after another, as they
// stand on the line with their lengths. Where each stands is found by reading the
// message again: few networks want this.
func (m *Message) coveredFields() []byte {
	c := m.f.codec
	values := 2*len(m.raw) + slackFor
	m.covered = slices.Grow(m.covered[:0], values+len(m.raw))
	buf, out := m.covered[:values], m.covered[values:values]
	var at [129]span
	_, end, _ := c.fields[0].take(buf, m.raw, 0, 0)
	at[0] = span{0, uint16(end)}
	set, end, _ := c.takeBitmaps(m.raw, end)
	at[1] = span{at[0].to, uint16(end)}
	set.All(func(n int) bool {
		from, err := end, error(nil)
		if fc := &c.fields[n]; fc.kind != foreign {
			_, end, err = fc.take(buf, m.raw, 0, end)
		} else {
			_, end, err = c.takeForeign(nil, m.raw, end, n)
		}
		at[n] = span{uint16(from), uint16(end)}
		return err == nil // it has been read, or written, before
	})
	for _, n := range m.f.Covers.Fields {
		out = append(out, m.raw[at[n].from:at[n].to]...)
	}
	return out
}

// SetMAC sets the MAC, in the octets last packed and of the message in hand.
func (m *Message) SetMAC(mac [8]byte) {
	last := m.macField()
	if v := m.Field(last); len(v) == len(mac) {
		copy(v, mac[:])
	} else {
		m.SetField(last, mac[:])
	}
	switch before, at := m.macSpan(); {
	case before == nil:
	case m.f.codec.fields[last].kind == coded:
		m.f.codec.fields[last].put(m.raw[:cap(m.raw)], len(before), at)
	default:
		copy(at, mac[:])
	}
}
