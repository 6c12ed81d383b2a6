package profile

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Whatever prints a profile or a part of it, no secret and no card number may
// come out, in text, hexadecimal or as a list of octets.
func TestSecretsNeverPrint(t *testing.T) {
	p := mustBundle(t, "cup", 3)
	h := &p.Holders("wrong-pin")[0]
	secrets := map[string][]byte{
		"key": p.Terminals[0].Master, "PIN": h.Card.PIN, "PIN typed": h.Typed, "track 2": h.Track2, "card number": []byte(h.PAN),
		"password": p.Operators[3].Password,
	}
	things := map[string]any{
		"profile": p, "profile value": *p, "terminal": p.Terminals[0], "terminals": p.Terminals, "operator": p.Operators[3],
		"card": h.Card, "card value": *h.Card, "cards": p.Cards, "holder": h, "holder value": *h, "holders": p.Holders("wrong-pin"),
		"secret": p.Terminals[0].Master, "map": map[string]any{"x": h.Typed}, "error": fmt.Errorf("x: %v", h.Track2),
		"struct": struct{ Secret }{h.Typed}, "joined": errors.Join(fmt.Errorf("%s", h.Track2)),
	}
	for name, thing := range things {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d", "%08b", "%t"} {
			fmt.Fprintf(&out, verb+"\n", thing)
		}
		fmt.Fprintln(&out, thing)
		if data, err := json.Marshal(thing); err == nil {
			out.Write(data)
		} else {
			t.Errorf("%s: %v", name, err)
		}
		if name != "error" && name != "joined" && !strings.HasPrefix(name, "profile") { // a dialect is not for YAML
			if data, err := yaml.Marshal(thing); err == nil {
				out.Write(data)
			} else {
				t.Errorf("%s: %v", name, err)
			}
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "thing", thing)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "thing", thing)
		text := strings.ToLower(out.String())
		for what, s := range secrets {
			for _, form := range []string{string(s), hex.EncodeToString(s), fmt.Sprint([]byte(s)), strings.Trim(fmt.Sprint([]byte(s)), "[]")} {
				if strings.Contains(text, strings.ToLower(form)) {
					t.Errorf("%s gives the %s away", name, what)
				}
			}
		}
	}
	if got := p.Terminals[0].Master.String() + p.Terminals[0].Master.GoString(); got != hidden+hidden {
		t.Errorf("secret says %s", got)
	}
}

func TestErrorsDoNotQuoteSecrets(t *testing.T) {
	for _, c := range []struct{ old, new, secret string }{
		{"test:000102030405060708090A0B0C0D0E0F", "A1B2C3D4E5F60718293A4B5C6D7E8F90", "A1B2C3D4"},
		{"test:000102030405060708090A0B0C0D0E0F", "test:A1B2C3D4E5F60718", "A1B2C3D4"},
		{"master: test:000102030405060708090A0B0C0D0E0F", "A1B2C3D4E5F60718293A4B5C6D7E8F90: x", "A1B2C3D4"},
		{`"0012"`, `"9876543210123"`, "98765432101"},
		{`"0012"`, `[9876]`, "9876"},
		{`"0000"`, `{98765: 4321}`, "98765"},
		{"6225000000000014", "4999999999999999999999", "49999999"},
		{"6225000000000014", "6225881234567890", "5881234567"},
		{"role: good ", "role: 6225881234567890", "5881234567"},
		{"tid: \"A0000001\"", "tid: \"6225881234567890\"", "5881234567"},
	} {
		_, err := Parse("bank.yaml", []byte(strings.Replace(good, c.old, c.new, 1)), 0)
		if err == nil {
			t.Errorf("%s: taken", c.new)
		} else if strings.Contains(err.Error(), c.secret) {
			t.Errorf("error shows the value: %v", err)
		}
	}
}
