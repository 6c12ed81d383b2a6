package wire

// What the tests of this package look at beyond what users see.

const MaxEmpty = maxEmpty

// Room is how many octets the message's buffer takes.
func (m *Message) Room() int { return cap(m.buf) }

// Longest is the longest value of field n, in characters.
func (f *Format) Longest(n int) int { return int(f.codec.fields[n].max) }

// Room is how many octets the reader's buffer takes.
func (r *Reader) Room() int { return cap(r.buf) }

// Raw is the octets last packed or read, from the message type on.
func (m *Message) Raw() []byte { return m.raw }

// ForgetShort makes all fields go the way of those that are not short.
func (f *Format) ForgetShort() { f.codec.short.set = FieldSet{} }
