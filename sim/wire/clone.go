package wire

// Clone is a copy that shares nothing with m.
func (m *Message) Clone() *Message {
	c := *m
	c.buf = append([]byte(nil), m.buf...)
	c.raw = append([]byte(nil), m.raw...)
	c.own, c.covered = nil, nil
	c.Head = c.head[:len(m.Head)]
	copy(c.Head, m.Head)
	return &c
}

// CopyValues makes m's MTI and fields those of t, of the same format. The routing
// header stays.
func (m *Message) CopyValues(t *Message) {
	m.mti, m.set, m.over, m.raw = t.mti, t.set, t.over, nil
	at := t.at[:]
	if t.set[1] == 0 {
		at = at[:65]
	}
	copy(m.at[:], at)
	m.buf = append(m.buf[:0], t.buf...)
}

// Keep copies the octets last read into the message's own buffer, so that the
// message outlives the buffer that it was read from.
func (m *Message) Keep() {
	m.own = append(m.own[:0], m.raw...)
	m.raw = m.own
}
