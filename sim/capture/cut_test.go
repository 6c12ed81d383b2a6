package capture

import (
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// A message that is cut off anywhere is read from where it begins, in every network, with its
// length prefix and without: what reads whole by chance within it is not it.
func TestCutMessageIsNotFoundWithinItself(t *testing.T) {
	fields := map[int]string{4: "000000001234", 11: "000123", 12: "121530", 13: "1127", 37: "121530000003", 38: "000003",
		39: "00", 41: "10000001", 42: "999290054110001", 49: "156"}
	for _, name := range dialect.Names() {
		d, _ := dialect.Named(name)
		m := d.NewMessage()
		d.Form(dialect.Purchase).Begin(m)
		for n, v := range fields {
			if n == 12 && name == "iso93" {
				v = "261127121530"
			} else if n == 39 && name == "iso93" {
				v = "000"
			}
			if d.HasField(n) {
				m.SetFieldString(n, v)
			}
		}
		frame, err := wire.AppendFrame(nil, m)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		lead := d.Format.Lead()
		for _, from := range []int{0, lead} {
			whole := frame[from:]
			bitmap := d.Format.Header.Len() + lead + 4 + 16 // octets of a message of which no field is known at least
			for end := bitmap + 8; end <= len(whole); end++ {
				found := Cut(&d.Format, whole[:end])
				if len(found) != 1 || found[0].Message.MTI() != m.MTI() || found[0].At != lead-from {
					t.Errorf("%s: the first %d of %d octets: %d messages, %s at %d: %v", name, end, len(whole), len(found), found[0].Message.MTI(), found[0].At, found[0].Err)
				}
			}
		}
	}
}
