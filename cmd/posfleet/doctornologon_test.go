package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// withoutManagement writes a network into a folder whose packager for jPOS has no field 70,
// so that it has neither sign-on nor echo test, nor PIN, nor MAC, and gives its dialect's file
// and its profile's. Changes are of old and new text in turns.
func withoutManagement(t *testing.T, changes ...string) (dialectFile, profileFile string) {
	t.Helper()
	packager := `<isopackager><isofield id="0" length="4" name="mti" class="org.jpos.iso.IFA_NUMERIC"/><isofield id="1" length="16" name="bitmap" class="org.jpos.iso.IFA_BITMAP"/>`
	for _, f := range []struct {
		n, length int
		class     string
	}{{2, 19, "A_LLNUM"}, {3, 6, "A_NUMERIC"}, {4, 12, "A_NUMERIC"}, {7, 10, "A_NUMERIC"}, {11, 6, "A_NUMERIC"}, {12, 6, "A_NUMERIC"}, {13, 4, "A_NUMERIC"},
		{14, 4, "A_NUMERIC"}, {22, 3, "A_NUMERIC"}, {25, 2, "A_NUMERIC"}, {35, 37, "A_LLCHAR"}, {37, 12, "_CHAR"}, {38, 6, "_CHAR"}, {39, 2, "_CHAR"},
		{41, 8, "_CHAR"}, {42, 15, "_CHAR"}, {49, 3, "_CHAR"}, {54, 120, "A_LLLCHAR"}, {90, 42, "A_NUMERIC"}} {
		packager += fmt.Sprintf(`<isofield id="%d" length="%d" name="%d" class="org.jpos.iso.IF%s"/>`, f.n, f.length, f.n, f.class)
	}
	imported, _, err := dialect.Import("bank.xml", []byte(packager+"</isopackager>"), "")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"bank.yaml": string(imported), "profile.yaml": `dialect: ./bank.yaml
operators: [{number: "01", password: "0000"}, {number: "00", password: "123456"}]
merchants: [{mid: BANKSHOP0000001}]
terminals: [{tid: "31000001"}]
cards: [{role: good, pan: "4111111111111111", expiry: "4912", pin: "1234", balance: 1000.00}]
`}
	dir := changedFiles(t, files, changes)
	return filepath.Join(dir, "bank.yaml"), filepath.Join(dir, "profile.yaml")
}

// Where a network has no logon nothing is told as sent that is not, and its first message
// is what other framings are tried with.
func TestDoctorOfANetworkWithoutLogon(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	const guessed = "framing: {length: binary2}"
	onlyPurchases := []string{"  balance: {", "  balance: none\n  #{"}
	withChannel := func(channel string) string {
		_, file := withoutManagement(t, guessed, "framing: {channel: "+channel+"}")
		return served(t, "--profile", file)
	}
	file, _ := withoutManagement(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	read, err := dialect.Parse(file, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	answers := func(mti, code string) string {
		return listening(t, answeringIn(read, func(m *wire.Message) {
			if m.MTI() == mti {
				m.Unset(wire.ResponseCode)
				m.SetString(wire.ResponseCode, code)
			}
		}))
	}
	ascii := withChannel("ASCIIChannel")
	silent := listening(t, func(c net.Conn) {
		b := make([]byte, 1)
		if c.Read(b); b[0] != 0x16 { // a TLS handshake is ended: it would be waited for longest
			io.Copy(io.Discard, c)
		}
	})
	for name, c := range map[string]struct {
		host    string
		flags   string
		changes []string
		code    int
		want    []string
		never   string
	}{
		"silence":           {silent, "--timeout 50ms", nil, exitUnreachable, []string{"sends +a balance inquiry with the card of role good, which", "answers none of [0-9]+ ways"}, "approved"},
		"closed at accept":  {listening(t, func(net.Conn) {}), "", nil, exitUnreachable, []string{"hangs up on each of [0-9]+ ways of asking, and where nothing is asked", "may have read nothing"}, "has read enough"},
		"closed at message": {listening(t, func(c net.Conn) { c.Read(make([]byte, 4096)) }), "", nil, exitUnreachable, []string{"keeps a connection on which nothing is sent, so that it has read enough"}, "approved|nothing is asked"},
		"an echo server":    {listening(t, func(c net.Conn) { io.Copy(c, c) }), "", nil, exitUnreachable, []string{"the balance inquiry itself comes back", "echo server"}, "approved"},
		"64 KiB": {listening(t, func(c net.Conn) {
			c.Read(make([]byte, 4096))
			c.Write(bytes.Repeat([]byte{0xFF}, 2+1<<16))
			io.Copy(io.Discard, c)
		}), "", nil, exitUnreachable, []string{"cannot be read: bad length prefix: 65535 octets announced"}, "no answer in time"},
		"ASCIIChannel":          {ascii, "", nil, exitUnreachable, []string{`change in the profile:\n  length: digits4\nposfleet: `}, "approved"},
		"BCDChannel":            {withChannel("BCDChannel"), "", nil, exitUnreachable, []string{`change in the profile:\n  length: packed2\n`}, "approved"},
		"mended":                {ascii, "", []string{"dialect: ./", "length: digits4\ndialect: ./"}, 0, []string{"balance inquiry after .*: approved", "nothing to change. A payment is next"}, ""},
		"other framing, bought": {ascii, "", onlyPurchases, exitUnreachable, []string{"to the purchase, when asked another way [(]length: digits4[)]\nsends +a void of the purchase: approved", `change in the profile:\n  length: digits4\nposfleet: `}, "balance"},
		"bought":                {ascii, "", append([]string{guessed, "framing: {length: digits4}"}, onlyPurchases...), 0, []string{"sends +a purchase of 0.01 .*\n.*to the purchase after .*: approved\nsends +a void of the purchase: approved", "nothing to change"}, "balance"},
		"bought or not":         {answers("0210", ""), "", onlyPurchases, exitUnreachable, []string{"sends +a reversal of the purchase: approved", "answer to the purchase is not what the dialect wants: .*39"}, "void"},
		"no balances":           {answers("0210", "12"), "", nil, exitUnreachable, []string{`change in the file of dialect bank: transactions: \{balance: none\}\n`, "takes no balance inquiry"}, ""},
		"unknown terminal":      {answers("0210", "97"), "", nil, exitUnreachable, []string{"refuses the balance inquiry with 97.*look at terminals"}, ""},
		"a MAC is wanted":       {answers("0210", "A0"), "", nil, exitUnreachable, []string{"terminals send none: say mac in the dialect"}, "brought"},
		"nothing to ask":        {ascii, "", []string{"role: good", "role: poor"}, exitUsage, []string{"nothing to ask a host with"}, "sends"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, file := withoutManagement(t, c.changes...)
			diagnose(t, c.code, c.want, strings.TrimSuffix("sign-on|its PIN|"+c.never, "|"), append([]string{"--host", c.host, "--profile", file}, strings.Fields(c.flags)...)...)
		})
	}
}

// A sign-on of a network without keys gives none.
func TestDoctorPromisesNoKeysWhereThereAreNone(t *testing.T) {
	t.Parallel()
	changes := []string{"mac: x9.19", "mac: none", `sign-in: "003"`, "sign-in: none"}
	read, err := dialect.Parse("lagos.yaml", []byte(strings.NewReplacer(changes...).Replace(lagos)), nil)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	run([]string{"doctor", "--host", listening(t, answeringIn(read, func(*wire.Message) {})), "--profile", ownNetwork(t, changes...), "--allow-test-keys"}, &out, &errs)
	if said := out.String(); !strings.Contains(said, "a sign-on without keys, which logs the terminal on\n") || strings.Contains(said, "new working keys") || strings.Contains(said, "its PIN") {
		t.Errorf("want a sign-on without keys in\n%s%s", said, errs.String())
	}
}

// The lines that docs/bring-your-own.md gives such a network an echo test by.
func TestEchoOfANetworkWithoutManagementCodes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	guide, err := os.ReadFile("../../docs/bring-your-own.md")
	if err != nil {
		t.Fatal(err)
	}
	with70, without := `echo: {carries: [7, 11, 41, 42]}`, `echo: {mti: "0800", set: {70: none}, management: none, carries: [7, 11, 41, 42]}`
	for _, changes := range [][]string{{"70: none", "70: {is: n 3, name: network management code}", " management-code: none,", "", "echo: none", with70}, {"echo: none", without}} {
		for _, line := range changes {
			if line != "" && !strings.Contains(string(guide), strings.Trim(line, " ,")) {
				t.Errorf("the guide does not have %q", line)
			}
		}
		_, file := withoutManagement(t, changes...)
		var out, errs bytes.Buffer
		if code := run([]string{"check", "--profile", file, "@core-echo-1"}, &out, &errs); code != 0 || !strings.Contains(out.String(), "1 passed") {
			t.Errorf("exit code %d with %s\n%s%s", code, changes[len(changes)-1], out.String(), errs.String())
		}
	}
}
