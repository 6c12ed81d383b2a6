package wire

// Element names a data element that terminals and hosts read and write, so that
// they need not know in which field a network carries it.
type Element uint8

const (
	TransactionType Element = iota // CUP 60.1
	Batch                          // batch number (CUP 60.2)
	ManagementCode                 // network management code (CUP 60.3, ISO 8583 field 70)
	ReadCapability                 // what the terminal reads (CUP 60.4)
	OriginalBatch                  // of the original transaction: batch (CUP 61.1)
	OriginalTrace                  // trace (CUP 61.2, field 90)
	OriginalDate                   // date MMDD (CUP 61.3)
	OriginalMTI                    // MTI (field 90)
	OriginalTime                   // transmission time MMDDhhmmss (field 90)
	elements
)

// Elements is how many there are.
const Elements = int(elements)

// Place is where an element is: characters From up to, not including, To of a
// field.
type Place struct {
	Field, From, To int
	Name            string // as documents number it: "60.2"
}

// Part is the place of an element that is a part of field n.
func Part(n, from, to int, name string) Place { return Place{n, from, to, name} }
