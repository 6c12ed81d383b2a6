package keys

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestKeysNeverPrint(t *testing.T) {
	k, s := desKey(t, "0123456789ABCDEFFEDCBA9876543210"), sm4Key(t, "0123456789ABCDEFFEDCBA9876543210")
	set := Set{PIN: k, MAC: desKey(t, "0123456789ABCDEF"), Track: s}
	values := map[string]any{"key": k, "key copied": *k, "SM4": s, "set": set, "pointer to set": &set, "no keys yet": Set{}}

	for name, v := range values {
		want := hiddenKey
		if strings.HasPrefix(fmt.Sprintf("%T", v), "keys.Set") || strings.HasPrefix(fmt.Sprintf("%T", v), "*keys.Set") {
			want = hiddenSet
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%b", "%o", "%c", "%U", "%e", "%t", "%5.2f", "%z"} {
			if got := fmt.Sprintf(verb, v); got != want {
				t.Errorf("%s, %s: %s", name, verb, got)
			}
		}
		if got, err := json.Marshal(v); err != nil || string(got) != `"`+want+`"` {
			t.Errorf("%s, JSON: %s, %v", name, got, err)
		}
		if got, err := json.Marshal(map[string]any{"in": []any{v}}); err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s, JSON inside: %s, %v", name, got, err)
		}
		for kind, handler := range map[string]func(*bytes.Buffer) slog.Handler{
			"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var line bytes.Buffer
			slog.New(handler(&line)).Info("signed on", "with", v)
			if !strings.Contains(line.String(), "with="+want) && !strings.Contains(line.String(), `"with":"`+want+`"`) {
				t.Errorf("%s, slog as %s: %s", name, kind, line.String())
			}
		}
	}
	for name, text := range map[string]fmt.Stringer{"key": k, "set": set} {
		if !strings.Contains(text.String(), "hidden") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// Reflection reaches unexported fields without asking any method: what it
// prints there must be addresses, not the schedule.
func TestKeysInsideOtherThingsDoNotPrint(t *testing.T) {
	type terminal struct {
		k    *Key
		copy Key
		set  Set
		many []*Key
		by   map[string]Key
	}
	k := desKey(t, "0123456789ABCDEFFEDCBA9876543210")
	v := terminal{k, *k, Set{PIN: k, MAC: k, Track: k}, []*Key{k}, map[string]Key{"a": *k}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		for _, what := range []any{v, &v, []terminal{v}} {
			got := fmt.Sprintf(verb, what)
			if strings.Contains(got, "subkeys") || len(got) > 4000 {
				t.Errorf("%s: %s", verb, got)
			}
		}
	}
	if got := fmt.Sprintf("%v", struct{ K *Key }{k}); got != "{"+hiddenKey+"}" {
		t.Errorf("an exported field: %s", got)
	}
}

func TestErrorsDoNotTellKeys(t *testing.T) {
	master, block := octets(t, times("11", 16)), octets(t, blocks[0].block)
	block[0] ^= 0xFF
	_, err := Unwrap(Software{}, master, Track, block)
	if err == nil {
		t.Fatal("a damaged block opened")
	}
	for _, secret := range []string{times("11", 4), times("22", 4), times("33", 4), fmt.Sprintf("%X", block[:8])} {
		if strings.Contains(strings.ToUpper(fmt.Sprintf("%+v %#v", err, err)), secret) {
			t.Errorf("the error tells %s: %v", secret, err)
		}
	}
}
