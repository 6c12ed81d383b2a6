package wire

import "slices"

// ReadPart reads as Read does, but after an error the message keeps the fields
// before what is wrong. It gives the octet where the next field would begin,
// len(b) when all was read. What it leaves after an error is for people to look
// at, never to be acted on.
func (m *Message) ReadPart(b []byte) (int, error) {
	at, err := m.read(b)
	if err == nil {
		err = m.whole(b, at)
	}
	return at, err
}

// Announced are the fields that the bitmap announces of a message, from its
// routing header on; nil when the bitmap cannot be read.
func (f *Format) Announced(b []byte) []int {
	at := f.Header.Len() + f.codec.fields[0].span(4)
	var set [2]uint64
	for w := range set {
		var err error
		if at > len(b) {
			return nil
		}
		if set[w], at, err = f.codec.takeBitmap(b, at); err != nil {
			return nil
		}
		if !f.codec.both && (set[0]>>63 == 0 || !f.codec.second) {
			break
		}
	}
	m := Message{set: [2]uint64{set[0] &^ (1 << 63), set[1]}}
	return slices.Collect(m.Fields)
}
