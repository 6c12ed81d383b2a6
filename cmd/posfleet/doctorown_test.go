package main

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// lagos is a network of nobody's: packed digits, text in EBCDIC, 4 digits of length, a
// header of text, terminals of 12 characters, keys from a sign-on.
const lagos = `name: lagos
extends: iso87
framing: {length: digits4, header: text:NGSW01}
encoding: {mti: packed, bitmap: octets, length: packed, n: packed, text: ebcdic, b: octets, z: track}
fields: {41: {is: ans 12, pad: right space}, 42: {is: ans 10, pad: right space}}
mac: x9.19
sign-in: "003"
`

// ownNetwork writes a dialect and a profile that speaks it into a folder, both after
// changes of old and new text in turns, and gives the profile.
func ownNetwork(t *testing.T, changes ...string) string {
	t.Helper()
	files := map[string]string{"lagos.yaml": lagos, "profile.yaml": `dialect: ./lagos.yaml
operators: [{number: "01", password: "0000"}, {number: "00", password: "123456"}]
merchants: [{mid: IKEJA00001}]
terminals: [{first: "31000001", count: 60, derive: test:6C61676F73206F662061206B6579}]
cards: [{role: good, pan: "4111111111111111", expiry: "4912", pin: "1234", balance: 1000.00}]
`}
	return filepath.Join(changedFiles(t, files, changes), "profile.yaml")
}

// changedFiles writes files into a folder of their own, with changes of old and new text in turns.
func changedFiles(t *testing.T, files map[string]string, changes []string) (dir string) {
	t.Helper()
	for i := 0; i < len(changes); i += 2 {
		found := false
		for name, text := range files {
			found = found || strings.Contains(text, changes[i])
			files[name] = strings.Replace(text, changes[i], changes[i+1], 1)
		}
		if !found {
			t.Fatalf("neither dialect nor profile has %q", changes[i])
		}
	}
	dir = t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A network of one's own that is written down wrongly: the cause is named, and the line
// of the profile or the dialect that mends it.
func TestDoctorNamesTheLineOfAnOwnNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	host := served(t, "--profile", ownNetwork(t))
	odd := served(t, "--profile", ownNetwork(t, "n: packed,", "n: packed-right,"))
	ebcdicTracks := served(t, "--profile", ownNetwork(t, "n: packed,", "n: packed-right,", "z: track", "z: ebcdic"))
	framed := func(change string) string {
		return served(t, "--profile", ownNetwork(t, "length: digits4, header: text:NGSW01", change+", header: text:NGSW01"))
	}
	trailed, checked := framed(`length: digits4, trailer: "03"`), framed(`length: digits4, trailer: "03", lrc: true`)
	three, reserved := framed("length: binary3"), framed(`length: binary2, after: "0000"`)
	routed := served(t, "--profile", ownNetwork(t, "header: text:NGSW01", `tpdu: "6000030000"`))
	read, err := dialect.Parse("lagos.yaml", []byte(lagos), nil)
	if err != nil {
		t.Fatal(err)
	}
	answers := func(change func(m *wire.Message)) string { return listening(t, answeringIn(read, change)) }
	var refused atomic.Bool
	keyless := []string{"mac: x9.19", "mac: none", `sign-in: "003"`, "sign-in: none"}
	terminal := 31000001
	for name, c := range map[string]struct {
		host    string
		changes []string // of our side
		code    int
		want    string
	}{
		"right":              {host, nil, 0, "balance inquiry with the card of role good and its PIN.*\n.*: approved\n(?s:.*)nothing to change"},
		"bitmap":             {host, []string{"bitmap: octets", "bitmap: hex"}, exitUnreachable, `\nchange in the file of dialect lagos: encoding: \{bitmap: octets\}\n`},
		"digits":             {host, []string{"mti: packed", "mti: ascii", "n: packed", "n: ascii", "z: track", "z: ascii"}, exitUnreachable, `change in the file of dialect lagos: encoding: \{mti: packed, n: packed, z: track\}\n`},
		"spare nibble last":  {host, []string{"n: packed,", "n: packed-right,"}, exitUnreachable, `\nchange in the file of dialect lagos: encoding: \{n: packed\}\n`},
		"spare nibble first": {odd, []string{"mti: packed", "mti: ascii", "n: packed,", "n: ascii,", "z: track", "z: ascii"}, exitUnreachable, `encoding: \{mti: packed, n: packed-right, z: track\}\n`},
		"tracks in EBCDIC":   {ebcdicTracks, []string{"mti: packed", "mti: ascii", "n: packed,", "n: ascii,", "z: track", "z: ascii"}, exitUnreachable, `guess +z: track (?s:.*)\nchange in the file of dialect lagos: encoding: \{mti: packed, n: packed-right, z: ebcdic\}\n`},
		"nothing shows tracks": {answers(func(m *wire.Message) {
			if m.MTI() == "0210" {
				m.SetString(wire.ResponseCode, "51")
			}
		}), append(slices.Clone(keyless), "n: packed,", "n: ascii,", "z: track", "z: ascii"), exitUnreachable, `guess +z: track (?s:.*)\nchange in the file of dialect lagos: encoding: \{n: packed\}\n`},
		"text":                          {host, []string{"text: ebcdic", "text: ascii"}, exitUnreachable, `encoding: \{text: ebcdic\}`},
		"length":                        {host, []string{"length: digits4", "length: binary2"}, exitUnreachable, "change in the profile:\n  length: digits4\n"},
		"trailer":                       {trailed, nil, exitUnreachable, `change in the file of dialect lagos: framing: \{trailer: "03"\}\n`},
		"no trailer":                    {host, []string{"header: text:NGSW01}", `header: text:NGSW01, trailer: "03"}`}, exitUnreachable, `change in the file of dialect lagos: framing: without trailer\n`},
		"check octet":                   {checked, nil, exitUnreachable, `change in the file of dialect lagos: framing: \{trailer: "03", lrc: true\}\n`},
		"no check octet":                {host, []string{"header: text:NGSW01}", `header: text:NGSW01, lrc: true}`}, exitUnreachable, `change in the file of dialect lagos: framing: \{lrc: false\}\n`},
		"a length of three octets":      {three, nil, exitUnreachable, `change in the profile:\n  length: binary3\n`},
		"a header of another length":    {host, []string{"text:NGSW01", "text:NG"}, exitUnreachable, `guess +the octets of the header: the host wants 6(?s:.*)change in the profile:\n  header: "303030303030"\n`},
		"reserved octets":               {reserved, nil, exitUnreachable, `change in the file of dialect lagos: framing: \{length: binary2, after: "0000"\}\n`},
		"TPDU missing":                  {routed, []string{", header: text:NGSW01", ""}, exitUnreachable, `change in the profile:\n  tpdu: "6000030000"\n`},
		"header missing":                {host, []string{", header: text:NGSW01", ""}, exitUnreachable, "want a header or TPDU of its own before a message|change in the profile:\n  header: "},
		"MAC":                           {host, []string{"mac: x9.19", "mac: x9.19 padding-2"}, exitUnreachable, "change in the profile:\n  mac: x9.19\n"},
		"MAC elsewhere":                 {host, []string{"mac: x9.19", "mac: {algorithm: x9.19, over: [0, 3, 11]}"}, exitUnreachable, `does its MAC cover other fields\? look at sign-in .* mac in the dialect`},
		"master key":                    {host, []string{"6C6167", "6D6167"}, exitUnreachable, "PIN key: check value .*same master key at both ends"},
		"PIN":                           {host, []string{`pin: "1234"`, `pin: "4321"`}, exitUnreachable, `takes the MAC and not the PIN .*cards: role good, pin.*pin: \{format`},
		"PIN block format":              {host, []string{"sign-in:", "pin: {format: 1}\nsign-in:"}, exitUnreachable, `takes the MAC and not the PIN`},
		"plain":                         {host, []string{"dialect:", "tls: {}\ndialect:"}, exitUnreachable, "leave tls out of the profile"},
		"TLS":                           {tlsOnly(t), nil, exitUnreachable, `\n  tls: \{\}\n|host wants? TLS|TLS with a certificate`},
		"a terminal of another":         {host, []string{`"31000001"`, `"41000001"`}, exitUnreachable, "refuses terminal 41000001 +with 97.*look at terminals"},
		"another MTI":                   {answers(func(m *wire.Message) { m.SetMTI("0830") }), nil, exitUnreachable, "answers 0800 with 0830, want 0810.*transactions of the dialect"},
		"no trace":                      {answers(func(m *wire.Message) { m.Unset(wire.Trace) }), nil, exitUnreachable, `field 11 .* of the answer is absent, .*pair: \[41, 42\]`},
		"another currency":              {answers(inAnotherCurrency), keyless, exitUnreachable, `the host changes what its answer to the balance inquiry is to bring back: field 49 .*mend the host, or where its network has it so, in the file of dialect lagos: rules: \{without: \[ANS-49-ECHO\]\}`},
		"another currency, as is meant": {answers(inAnotherCurrency), append(slices.Clone(keyless), "encoding:", "rules: {without: [ANS-49-ECHO]}\nencoding:"), 0, "nothing to change"},
		"another signs on": {answers(func(m *wire.Message) {
			if m.MTI() == "0210" {
				m.SetString(wire.ResponseCode, map[bool]string{true: "A0", false: "51"}[!refused.Swap(true)])
			}
		}), keyless, exitUnreachable, "takes it after another sign-on: does something else sign on as terminal"},
		"no logon": {answers(func(m *wire.Message) {
			if m.Text(wire.ManagementCode) == "001" {
				runtime.Goexit()
			}
		}), keyless, exitUnreachable, `answer +to the echo test: approved\n(?s:.*)change in the file of dialect lagos: transactions: \{sign-in: none, sign-off: none\}\n(?s:.*)answers the echo test and not the sign-on`},
		"no time": {answers(func(m *wire.Message) { m.Unset(wire.TransmissionTime) }), keyless, exitUnreachable, `(?s)should +the answer lacks .*7 .*of the request \(ANS-ECHO\); where it is so, in the file of dialect lagos: echo: without it.*field 12 .* of the approval is absent.*answer of transactions.balance`},
	} {
		terminal++ // each its own: a sign-on gives new keys
		changes := append(slices.Clone(c.changes), "count: 60", "count: 1")
		if name != "a terminal of another" {
			changes = append(changes, `"31000001"`, strconv.Quote(strconv.Itoa(terminal)))
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diagnose(t, c.code, []string{c.want}, "", "--host", c.host, "--profile", ownNetwork(t, changes...), "--timeout", "2s", "--allow-test-keys")
		})
	}
}

// inAnotherCurrency makes an answer to a payment one in a currency that nobody asked for.
func inAnotherCurrency(m *wire.Message) {
	if m.MTI() == "0210" {
		m.SetString(wire.LocalTime, "150802")
		m.SetString(wire.LocalDate, "1127")
		m.SetString(wire.RRN, "123456789012")
		m.SetString(wire.Currency, "157")
	}
}
