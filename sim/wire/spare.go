package wire

// Borrow gives an empty message of the dialect that was used a moment ago, if
// there is one: the processor still has it at hand, which a message of each
// terminal's own would not be. GiveBack ends the loan.
func (d *Dialect) Borrow() *Message {
	m, ok := d.codec.spare.Get().(*Message)
	if !ok || m.d != d {
		return NewMessage(d)
	}
	m.Reset()
	return m
}

// GiveBack hands a borrowed message back; it must not be used again. A nil
// message is none.
func (m *Message) GiveBack() {
	if m != nil {
		m.d.codec.spare.Put(m)
	}
}
