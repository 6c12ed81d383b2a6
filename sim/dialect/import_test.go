package dialect

import (
	"testing"

	"github.com/posfleet/posfleet/sim/wire"
)

func TestAChannelTakesThePlaceOfAllFramingBelow(t *testing.T) {
	d, err := Parse("bank.yaml", []byte("extends: iso87-binary\nframing: {channel: ASCIIChannel}\n"), nil)
	if err != nil || d.Length.Form != wire.ASCIIDigits || d.Length.Octets != 4 || d.Header.Len() != 0 {
		t.Errorf("%v, %v", d, err)
	}
	d, err = Parse("bank.yaml", []byte("extends: iso87-binary\nframing: {length: digits4}\n"), nil)
	if err != nil || d.Length.Octets != 4 || d.Header.Len() != 5 {
		t.Errorf("%v, %v", d, err)
	}
}
