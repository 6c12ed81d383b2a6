package wire

// macField is the field that holds the MAC: the last of the last bitmap.
func (m *Message) macField() int {
	if m.set[1] != 0 {
		return 128
	}
	return 64
}

// AddMAC makes room for the MAC, to be put in after packing (see MACSpan).
func (m *Message) AddMAC() { m.SetFieldString(m.macField(), "\x00\x00\x00\x00\x00\x00\x00\x00") }

// MACSpan gives, of the octets last packed or read, those that the MAC covers
// (MTI up to the field before it, bitmap included), and the MAC, 8 octets: where
// they stand on the line, or, where the line has hexadecimal digits instead, the
// value of the field. Both are nil when the message carries none or it is not the
// last field.
func (m *Message) MACSpan() (covered, mac []byte) {
	last := m.macField()
	if !m.f.MAC || m.raw == nil || !m.HasField(last) {
		return nil, nil
	}
	n := len(m.raw) - m.f.codec.fields[last].span(8)
	if n < 0 {
		return nil, nil
	}
	if m.f.codec.fields[last].kind == coded {
		return m.raw[:n:n], m.Field(last)
	}
	return m.raw[:n:n], m.raw[n:]
}

// SetMAC sets the MAC, in the octets last packed and of the message in hand.
func (m *Message) SetMAC(mac [8]byte) {
	last := m.macField()
	if v := m.Field(last); len(v) == len(mac) {
		copy(v, mac[:])
	} else {
		m.SetField(last, mac[:])
	}
	switch covered, at := m.MACSpan(); {
	case covered == nil:
	case m.f.codec.fields[last].kind == coded:
		m.f.codec.fields[last].put(m.raw[:cap(m.raw)], len(covered), at)
	default:
		copy(at, mac[:])
	}
}
