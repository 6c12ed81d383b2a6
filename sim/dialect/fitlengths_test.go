package dialect

import (
	"regexp"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/wire"
)

// A field of another length shifts all that comes after it: what is named is a field that
// may be it, and never one from the shifted part.
func TestBreaksNamesTheFieldOfAnotherLength(t *testing.T) {
	d, _ := Named("iso87")
	q := d.NewMessage()
	d.Form(Echo).Begin(q)
	q.SetString(wire.TransmissionTime, "1127150801")
	q.SetString(wire.Trace, "000042")
	q.SetString(wire.TerminalID, "10000001")
	q.SetString(wire.MerchantID, "898000000000001")
	parts := func(changes ...string) string {
		all := []string{"0810", "8238000106C00000", "0400000000000000", "1127150801", "000042", "150802", "1127", "0899929005", "482913", "00", "10000001", "898000000000001", "301"}
		return strings.NewReplacer(changes...).Replace(strings.Join(all, "|"))
	}
	for name, c := range map[string]struct{ octets, want string }{
		"as it should be":           {parts(), `^$`},
		"39 of three":               {parts("|00|", "|000|"), `^field 38 or 39 is 1 longer than the dialect says$`},
		"38 of seven":               {parts("|482913|", "|4829137|"), `^field 38 or 39 is 1 longer`},
		"38 of five":                {parts("|482913|", "|48291|"), `^field (12, 13, )?38 or 39 is 1 shorter`},
		"41 of six":                 {parts("|10000001|", "|100000|"), `^field 41 \(.*\) is 6 long, 8 in the dialect$`},
		"37 announced and not sent": {parts("8238000106", "823800010E"), `^a field after 11 is longer or shorter than the dialect says, or announced and not there: .*field \d+, offset \d+|^a field after 11 .*message, offset`},
		"of another request":        {parts("1127150801", "1127150807", "000042", "000043"), `^$`},
		"a request":                 {parts("0810", "0800", "|00|", "|000|"), `^$`},
		"no message":                {"HTTP/1.1 400 Bad Request", `^$`},
	} {
		if got := d.Breaks(q, []byte(strings.ReplaceAll(c.octets, "|", ""))); !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
