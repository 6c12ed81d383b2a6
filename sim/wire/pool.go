package wire

// Acquire gives an empty message of the format from its pool: the one that was
// released last, which the processor's cache still holds. Release it after use.
func (f *Format) Acquire() *Message {
	m, ok := f.codec.pool.Get().(*Message)
	if !ok || m.f != f {
		return f.NewMessage()
	}
	m.Reset()
	return m
}

// Release puts a message back into its pool; it must not be used again. A nil
// message is none.
func (m *Message) Release() {
	if m != nil {
		m.f.codec.pool.Put(m)
	}
}
