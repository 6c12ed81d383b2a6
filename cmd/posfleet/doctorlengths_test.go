package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// A host that has a field of another length than the dialect: the field is named, and not
// a framing in which the rest happens to read, nor the host's address.
func TestAHostWithAFieldOfAnotherLength(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ fields, id, want string }{
		"37 of 13":    {"37: {is: an 13}", "", `field 37 `},
		"38 of seven": {"38: {is: an 7}", "4829137", `field (37, )?38 or 39 is 1 longer than the +dialect says`},
		"38 of five":  {"38: {is: an 5}", "48291", `field (12, 13, )?(37, )?38 or 39 is 1 shorter`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := dialect.Parse("bank.yaml", []byte("name: bank\nextends: iso87\nfields: {"+c.fields+"}\n"), nil)
			if err != nil {
				t.Fatal(err)
			}
			host := listening(t, answeringIn(d, func(m *wire.Message) {
				if c.id == "" {
					m.SetFieldString(37, "1234567890123")
				}
				m.SetFieldString(12, "150802")
				m.SetFieldString(13, "1127")
				m.SetFieldString(32, "99929005")
				if c.id != "" {
					m.SetFieldString(38, c.id)
				}
			}))
			diagnose(t, exitUnreachable, []string{"does not read as the dialect has its fields: " + c.want}, "trailer|change in|looks like", "--host", host, "--dialect", "iso87", "--timeout", "10s")
			var out, errs bytes.Buffer
			code := run([]string{"check", "--host", host, "--dialect", "iso87", "--timeout", "10s", "core/purchase"}, &out, &errs)
			said := errs.String()
			if code != exitUnreachable || !regexp.MustCompile(c.want).MatchString(said) || strings.Contains(said, "right address") || !strings.Contains(said, "posfleet doctor") || !strings.Contains(said, "posfleet dialect check") {
				t.Errorf("check: exit code %d\n%s", code, said)
			}
		})
	}
}
