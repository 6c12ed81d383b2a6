package wire

import "fmt"

// FieldError says which field of a message is wrong, where, and how. It never
// quotes the value, which may be a PAN or a key. Field 0 is the MTI, 1 the
// bitmap, -1 what stands around the fields.
type FieldError struct {
	Field  int
	Offset int // in octets from the start of the routing header
	Reason string
}

func (e *FieldError) Error() string {
	switch e.Field {
	case -1:
		return fmt.Sprintf("message, offset %d: %s", e.Offset, e.Reason)
	case 0:
		return fmt.Sprintf("MTI, offset %d: %s", e.Offset, e.Reason)
	case 1:
		return fmt.Sprintf("bitmap, offset %d: %s", e.Offset, e.Reason)
	}
	return fmt.Sprintf("field %d, offset %d: %s", e.Field, e.Offset, e.Reason)
}

// noMessage says why what has been set cannot be packed, whatever its values are.
func (m *Message) noMessage() error {
	if m.over {
		return &FieldError{Field: -1, Offset: MaxFrame, Reason: fmt.Sprintf("values of more than %d octets, a message of at most %d goes on a line", mostHeld, MaxFrame)}
	}
	return &FieldError{Field: 1, Offset: len(m.Head), Reason: "this dialect has no fields above 64"}
}

func beyondFrame(n int, what string) error {
	return &FieldError{Field: -1, Offset: MaxFrame, Reason: fmt.Sprintf("%d octets, at most %d %s", n, MaxFrame, what)}
}

// place completes an error: the field, and the offset from the start of the
// message.
func place(err error, field, start int) error {
	if e, ok := err.(*FieldError); ok {
		e.Field = field
		e.Offset -= start
	}
	return err
}
