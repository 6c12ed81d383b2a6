package profile

import (
	"strings"
	"testing"
)

func TestTestKeysStayOnThisMachine(t *testing.T) {
	const inline = "test:000102030405060708090A0B0C0D0E0F"
	for _, c := range []struct {
		name, key, address string
		refused            bool
	}{
		{"own key", inline, "10.0.0.9:8583", false},
		{"all ones", "test:11111111111111111111111111111111", "10.0.0.9:8583", true},
		{"counting", "test:0123456789ABCDEFFEDCBA9876543210", "host.test:8583", true},
		{"loopback", "test:11111111111111111111111111111111", "127.0.0.1:8583", false},
		{"loopback, IPv6", "test:11111111111111111111111111111111", "[::1]:8583", false},
		{"localhost", "test:11111111111111111111111111111111", "localhost:8583", false},
		{"looks like loopback", "test:11111111111111111111111111111111", "127.0.0.1.test:8583", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := "address: \"" + c.address + "\"\n" + strings.Replace(good, inline, c.key, 1)
			_, err := Parse("bank.yaml", []byte(file), 0)
			if c.refused && (err == nil || !strings.Contains(err.Error(), "bank.yaml:1: address: "+c.address+
				" is not on this machine, and the master key of terminal A0000001 is a published test key")) || !c.refused && err != nil {
				t.Errorf("refused %v, want %v: %v", err != nil, c.refused, err)
			}
			if _, err = Parse("bank.yaml", []byte(file+"allow-test-keys: true\n"), 0); err != nil {
				t.Errorf("refused though allowed: %v", err)
			}
			// The same by a flag, after loading.
			p, err := Parse("bank.yaml", []byte(strings.Replace(good, inline, c.key, 1)), 0)
			if err != nil {
				t.Fatal(err)
			}
			q, err := p.WithAddress(c.address)
			if (err != nil) != c.refused {
				t.Errorf("by flag: refused %v, want %v: %v", err != nil, c.refused, err)
			}
			if err == nil && (q.Address != c.address || p.Address != "" || len(q.Holders("good")) != 1) {
				t.Errorf("address %q, the first profile's %q", q.Address, p.Address)
			}
		})
	}
}

func TestBundledKeysStayOnThisMachine(t *testing.T) {
	p := mustBundle(t, "cup", 0)
	if _, err := p.WithAddress("acquirer.test:8583"); err == nil || !strings.Contains(err.Error(), "allow-test-keys: true") {
		t.Errorf("bundled keys sent to a host elsewhere: %v", err)
	}
	if _, err := p.WithAddress("127.0.0.1:8583"); err != nil {
		t.Error(err)
	}
	for _, address := range []string{"", "host", ":8583", "host:", "host:99999", "host:http"} {
		if _, err := p.WithAddress(address); err == nil {
			t.Errorf("address %q was taken", address)
		}
	}
}
