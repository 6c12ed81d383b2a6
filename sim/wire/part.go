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
	set, _, err := f.bitmaps(b)
	if err != nil {
		return nil
	}
	m := Message{set: set}
	return slices.Collect(m.Fields)
}

// Announcing is a message, from its routing header on, with the bit of field n turned
// over; nil when the bitmap cannot be read, or has no such bit.
func (f *Format) Announcing(b []byte, n int) []byte {
	set, end, err := f.bitmaps(b)
	at := f.bitmapAt()
	second := end-at > f.codec.bitmapSpan()
	if err != nil || n > 64 && !second {
		return nil
	}
	set[(n-1)/64] ^= 1 << (63 - (n-1)%64)
	if second && !f.codec.both {
		set[0] |= 1 << 63
	}
	b = slices.Clone(b)
	if at = f.codec.putBitmap(b, at, set[0]); second {
		f.codec.putBitmap(b, at, set[1])
	}
	return b
}

// Without is a message, from its routing header on, without field n, whose octets begin
// at b[at:] and are as many as its length says; nil where they cannot be told.
func (f *Format) Without(b []byte, n, at int) []byte {
	fc := &f.codec.fields[n]
	size, from := int(fc.max), at
	if fc.kind == absent || fc.kind == foreign {
		return nil
	}
	if fc.count != fixed {
		if size = fc.takeCount(b, at); size < 0 || size > int(fc.max) {
			return nil
		}
		at += int(fc.countLen)
	}
	if at += fc.span(size); at > len(b) {
		return nil
	}
	return f.Announcing(slices.Concat(b[:from], b[at:]), n)
}

func (f *Format) bitmapAt() int { return f.Header.Len() + f.codec.fields[0].span(4) }

// bitmaps reads what the bitmaps of a message announce, and where they end.
func (f *Format) bitmaps(b []byte) (FieldSet, int, error) {
	at := f.bitmapAt()
	if at > len(b) {
		return FieldSet{}, at, &FieldError{Field: 1, Offset: len(b), Reason: "is not there"}
	}
	return f.codec.takeBitmaps(b, at)
}
