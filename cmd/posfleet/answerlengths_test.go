package main

import (
	"bytes"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// inOther is the address of a host whose answers to payments and reversals are put into
// another dialect, with a field of another form.
func inOther(t *testing.T, host, of, fields string, change func(*wire.Message)) string {
	t.Helper()
	d, _ := dialect.Named(of)
	other, err := dialect.Parse("bank.yaml", []byte("name: bank\nextends: "+of+"\nfields: {"+fields+"}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return listening(t, func(c net.Conn) {
		up := goingUp(host, c)
		if up == nil {
			return
		}
		defer up.Close()
		for in := d.NewReader(up); ; {
			octets, err := in.Next()
			m, a := d.NewMessage(), other.NewMessage()
			if err != nil || m.Read(octets) != nil {
				return
			}
			out := m
			if m.MTI()[:2] == "02" || m.MTI()[:2] == "04" {
				out = a
				a.SetMTI(m.MTI())
				a.Head = append(a.Head[:0], m.Head...)
				for n := range m.Fields {
					a.SetFieldString(n, string(m.Field(n)))
				}
				change(a)
			}
			frame, err := wire.AppendFrame(nil, out)
			if err != nil {
				return
			}
			c.Write(frame)
		}
	})
}

// An answer to a payment with a field of another form is told by that field, as one to a
// sign-in is: by check, by load on own lines and on shared ones, and by doctor.
func TestAnAnswerToAPaymentWithAFieldOfAnotherForm(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	longer := func(n int) func(*wire.Message) {
		return func(m *wire.Message) {
			if m.HasField(n) {
				m.SetFieldString(n, string(m.Field(n))+"1")
			}
		}
	}
	for name, c := range map[string]struct {
		dialect, fields string
		change          func(*wire.Message)
		want            string
	}{
		"37 of 13, iso87": {"iso87", "37: {is: an 13}", longer(37), `field [0-9, ]*37[0-9, ]* or 39 is 1 longer`},
		"37 of 13, cup":   {"cup", "37: {is: an 13}", longer(37), `field [0-9, ]*37[0-9, ]* or 39 is 1 longer`},
		"38 of 5":         {"iso87", "38: {is: an 5}", func(m *wire.Message) { m.SetFieldString(38, "48291") }, `field [0-9, ]*38[0-9, ]* or 39 is 1 shorter`},
		"4 packed":        {"iso87", "4: {is: n 12, as: packed}", func(*wire.Message) {}, `field 4 \(amount\) is encoded as packed, ascii in`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := inOther(t, served(t, "--dialect", c.dialect), c.dialect, c.fields, c.change)
			dir := t.TempDir()
			for _, args := range [][]string{
				{"check", "--timeout", "1s", "@core-purchase-1"},
				{"load", "--rate", "20/s", "--for", "2s", "--warmup", "0s", "--terminals", "10", "--timeout", "1500ms", "--out", filepath.Join(dir, "own"), "--mix", "core-purchase-1=1"},
				{"load", "--rate", "20/s", "--for", "2s", "--warmup", "0s", "--terminals", "10", "--timeout", "1500ms", "--out", filepath.Join(dir, "shared"), "--mix", "core-purchase-1=1", "--line", "shared:1"},
				{"doctor", "--timeout", "1s"},
			} {
				if args[0] == "doctor" && strings.HasPrefix(c.fields, "4:") {
					continue // it asks for a balance, which has no amount
				}
				var out, errs bytes.Buffer
				code := run(append(args, "--host", host, "--dialect", c.dialect), &out, &errs)
				said := out.String() + errs.String()
				if code == exitOK || !regexp.MustCompile(c.want).MatchString(regexp.MustCompile(`\s+`).ReplaceAllString(said, " ")) {
					t.Errorf("%v: exit code %d, want it to say %q:\n%s", args, code, c.want, said)
				}
			}
		})
	}
}
