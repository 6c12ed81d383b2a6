package profile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// good is a small profile that is right; tests spoil it. The lines are counted
// by those that expect an error.
const good = `name: bank          # 1
dialect: cup
tpdu: "6000050000"
policy:
  timeout: 30s
operators:
  - {number: "01", password: "0000"}   # 7
  - {number: "00", password: "123456"}
merchants:
  - {mid: "123456789012345", name: shop, fee: {basis-points: 60, cap: 80}} # 10
terminals:
  - tid: "A0000001"    # 12
    master: test:000102030405060708090A0B0C0D0E0F
cards:
  - role: good         # 15
    pan: "6225000000000014"
    expiry: "4912"
    pin: "0012"        # 18
`

func TestSmallProfile(t *testing.T) {
	p, err := Parse("bank.yaml", []byte(good), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := defaultPolicy(dialect.CUP())
	want.Timeout = 30 * time.Second
	if got := fmt.Sprint(p.Policy); got != fmt.Sprint(want) {
		t.Errorf("policy %s, want %v", got, want)
	}
	if got, want := fmt.Sprintf("%x", p.Head), "6000050000603100310000"; got != want {
		t.Errorf("head %s, want %s", got, want)
	}
	for amount, want := range map[int64]int64{1: 0, 83: 0, 84: 1, 100_00: 60, 13_333_00: 80_00, 14_000_00: 80_00} {
		if got := p.Merchants[0].Plan.Fee(fee.Sale{Amount: amount}); got != want {
			t.Errorf("60 basis points up to 80.00 of %d fen: %d, want %d", amount, got, want)
		}
	}
	t0 := p.Terminals[0]
	if t0.TID != "A0000001" || t0.MID != "123456789012345" || t0.Kind != device.Desktop() || t0.Master[15] != 15 {
		t.Errorf("terminal %v", t0)
	}
	own, err := Parse("bank.yaml", []byte(good+"kinds: {desktop: {parts: [display, keyboard]}}\n"), 0)
	if err != nil || own.Terminals[0].Kind == device.Desktop() || own.Terminals[0].Kind.ReadsCards() {
		t.Errorf("a terminal of no kind is not as kinds says of desktop: %v, %v", own.Terminals[0].Kind, err)
	}
	h := p.Holders("good")[0]
	if string(h.Typed) != "0012" || string(h.Track2) != "6225000000000014D49121010000000000000" {
		t.Error("PIN or track 2 of the good card are not as in the file")
	}
	if p.MAC != keys.ECB || p.SignIn != keys.Track || p.Name != "bank" {
		t.Errorf("MAC %v, sign-in %s, name %s", p.MAC, p.SignIn, p.Name)
	}
}

// Each row spoils one thing and must be told where it is and how to mend it.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", "dialect: cup", "dialekt: cup", `bank.yaml:2: unknown key "dialekt"; known here: accept-live-pan, address, admin, allow-test-keys, cards, chip-schemes, dialect`},
		{"dialect", "dialect: cup", "dialect: morse", `bank.yaml:2: dialect: "morse", want cup, ebcdic, iso87`},
		{"no dialect", "dialect: cup", "dialect: \"\"", `bank.yaml:2: dialect: "", want the name of a dialect, or a file`},
		{"no algorithm", "dialect: cup", "mac: \"\"", `bank.yaml:2: mac: "", want the name of an algorithm, or none`},
		{"length", "dialect: cup", "length: four", `bank.yaml:2: length: "four", want binary, little, digits`},
		{"mac", "dialect: cup", "mac: hmac", `bank.yaml:2: mac: "hmac", want none or ecb, x9.9`},
		{"sign-in", "dialect: cup", "sign-in: 4", `bank.yaml:2: sign-in: "4", want none or 001 (single), 003`},
		{"spec", "dialect: cup", "spec: none.json", `bank.yaml:2: spec: file none.json: no such file`},
		{"tpdu", "6000050000", "60000500", `bank.yaml:3: tpdu: "60000500", want 10 hexadecimal digits or none`},
		{"header", "dialect: cup", "header: 6031003", `bank.yaml:2: header: "6031003", want up to 100 hexadecimal digits, an even number`},
		{"timeout without unit", "30s", "30", `bank.yaml:5: policy.timeout: "30" has no unit; write it as in 60s or 500ms`},
		{"timeout too long", "30s", "30h", `bank.yaml:5: policy.timeout: "30h", want from 1ms to 10m0s`},
		{"reason", "timeout: 30s", "reversal-reason: 99", `bank.yaml:5: policy.reversal-reason: "99", want one of the dialect's reasons: 98, 06`},
		{"nothing says that a part is taken", "cup\ntpdu: \"6000050000\"\npolicy:\n  timeout: 30s", "iso87\ntpdu: none\npolicy:\n  partial-approval: true", `bank.yaml:5: policy.partial-approval: dialect iso87 has no element partial-approval`},
		{"accepts", "timeout: 30s", "reversal-accepts: [\"25\"]", `bank.yaml:5: policy.reversal-accepts: 00 is missing`},
		{"amount", "timeout: 30s", "refund-limit: 1.5", `bank.yaml:5: policy.refund-limit: "1.5", want yuan and fen as in 10000.00`},
		{"password", `"0000"`, `"geheim"`, `bank.yaml:7: operators[1].password: a value of 6 characters, want 4 to 8 digits`},
		{"operator twice", `"00"`, `"01"`, `bank.yaml:8: operators[2]: operator 01 stands twice; leave one away`},
		{"nobody sells", `number: "01"`, `number: "99"`, `bank.yaml:7: operators: nobody who may sell; add an operator from 01 to 98`},
		{"no supervisor", `number: "00"`, `number: "05"`, `bank.yaml:7: operators: no supervisor, and voids ask for one; add operator 00`},
		{"merchant id", `"123456789012345"`, `"12345"`, `bank.yaml:10: merchants[1].mid: "12345" has 5 characters, want 15 in field 42 (merchant id) of dialect cup; write 15 characters, or have the dialect fill the field up: pad: right space`},
		{"fee", "basis-points: 60", "basis-points: 0.6", `bank.yaml:10: merchants[1].fee.basis-points: "0.6", want a whole number from 0 to 10000`},
		{"terminal id", `"A0000001"`, `"A001"`, `bank.yaml:12: terminals[1].tid: "A001" has 4 characters, want 8 in field 41 (terminal id) of dialect cup; write 8 characters, or`},
		{"terminal id of signs", `"A0000001"`, `"A-000001"`, `bank.yaml:12: terminals[1].tid: "A-000001", want letters or digits, 35 at most`},
		{"no terminal id", `tid: "A0000001"`, `kind: counter`, `bank.yaml:12: terminals[1]: want tid for one terminal, first and count for a range`},
		{"empty terminal", "  - tid: \"A0000001\"    # 12\n    master: test:000102030405060708090A0B0C0D0E0F", "  - {}", `bank.yaml:12: terminals[1]: want tid for one`},
		{"unknown merchant", "master: test:", "merchant: \"123456789012346\"\n    master: test:", `bank.yaml:12: terminals[1]: terminal A0000001 is of merchant 123456789012346, who is not under merchants; add it there`},
		{"terminal twice", "cards:", "  - {tid: A0000001, master: test:000102030405060708090A0B0C0D0E0F}\ncards:", `bank.yaml:14: terminals[2]: terminal A0000001 stands twice; leave one away`},
		{"revoked and not", "cards:", "issuers:\n  a: {scheme: pboc, cryptograms: test:000102030405060708090A0B0C0D0E0F, authority: posfleet}\n  b: {scheme: pboc, cryptograms: test:000102030405060708090A0B0C0D0E0F, authority: posfleet, revoked: true}\ncards:",
			`issuers: b: its certificate was revoked, and that of a has the same authority and serial number; give one another number (certificate)`},
		{"number of nothing", "cards:", "issuers: {a: {scheme: pboc, cryptograms: test:000102030405060708090A0B0C0D0E0F, certificate: \"000002\"}}\ncards:", `issuers.a: nobody certifies its keys; add authority`},
		{"range over", "cards:", "  - {first: \"99999990\", count: 11, derive: test:0001020304050607}\ncards:", `bank.yaml:14: terminals[2]: 11 terminals from 99999990 on do not fit into 8 digits; begin lower`},
		{"two sorts", "master: test:", "count: 3\n    master: test:", `bank.yaml:13: terminals[1]: count does not go with tid; here go: tid merchant kind`},
		{"no terminals", "  - tid: \"A0000001\"    # 12\n    master: test:000102030405060708090A0B0C0D0E0F", "  []", `bank.yaml:12: terminals: has none; add a terminal`},
		{"no key", "master: test:000102030405060708090A0B0C0D0E0F", "kind: qr", `bank.yaml:12: terminals[1]: has 0 sources of the master key; give one: master: test:<hex>`},
		{"kind and kinds", "  - tid: \"A0000001\"    # 12\n    master", "  - first: \"90000000\"\n    kind: mobile\n    kinds: {qr: 1}\n    master", `terminals[1]: has both kind and kinds; give one`},
		{"fee without a rate", "basis-points: 60, ", "", `merchants[1].fee: key basis-points is missing`},
		{"cash without a chip", "pin:", "cash: 5.00\n    pin:", `cards[1]: cash is in a chip; a card that has one has a sequence`},
		{"password without a code", "pin:", "asks-password: true\n    pin:", `cards[1]: asks-password is of a phone that shows a code; add code`},
		{"amount too large", "timeout: 30s", "refund-limit: 99999999999999999999.00", `policy.refund-limit: "…9999.00", want at most `},
		{"two keys", "master: test:", "derive: test:0001020304050607\n    master: test:", `bank.yaml:12: terminals[1]: has 2 sources of the master key`},
		{"plain key", "test:0001", "0001", `bank.yaml:13: terminals[1].master: want test: and hexadecimal digits; a key that is not for tests only goes into a file`},
		{"short key", "test:0001", "test:", `bank.yaml:13: terminals[1].master: 14 octets, want 16`},
		{"key file gone", "master: test:000102030405060708090A0B0C0D0E0F", "file: a.key", `bank.yaml:13: terminals[1].file: file a.key: no such file`},
		{"key file outside", "master: test:000102030405060708090A0B0C0D0E0F", "file: ../a.key", `bank.yaml:13: terminals[1].file: file ../a.key is outside the profile's folder; move it there or give its absolute path`},
		{"no role", "role: good ", "service: 101", `bank.yaml:15: cards[1]: key role is missing; add it`},
		{"number with spaces", "6225000000000014", "6225 0000 0000 0014", `bank.yaml:16: cards[1].pan: a value of 19 characters, want a card number of 13 to 19 digits without spaces`},
		{"check digit", "6225000000000014", "6225000000000015", `bank.yaml:15: cards[1]: card number 622500******0015: its check digit is not 4; mend the number (only role invalid may`},
		{"live card", "6225000000000014", "6225880000000019", `bank.yaml:15: cards[1]: card number 622588******0019 may be a live one: it is outside the named test ranges; use a test card, name its range under test-ranges, or say accept-live-pan: true`},
		{"range within", "\"6225000000000014\"", "\"6250930000000002\"\n    count: 10", ""},
		{"range leaves its test range", "\"6225000000000014\"", "\"6250930000000002\"\n    count: 11", `bank.yaml:15: cards[1]: card number 625093******0002 may be a live one`},
		{"card twice", "cards:", "cards:\n  - {role: poor, pan: \"6225000000000022\", expiry: \"4912\"}\n  - {role: rich, pan: \"6225000000000014\", expiry: \"4912\", count: 2}", `bank.yaml:16: cards[2]: card number 622500******0022 is also one of role poor; give each role its own`},
		{"payment code twice", "cards:", "cards:\n  - {role: scan, code: \"6225000000000000003\"}\n  - {role: wave, code: \"6225000000000000001\", count: 5}", `bank.yaml:16: cards[2]: payment code 622500*********0003 is also one of role scan; give each role its own`},
		{"role twice", "cards:", "cards:\n  - {role: good, pan: \"6225000000000022\", expiry: \"4912\"}", `bank.yaml:16: cards[2]: role good stands twice; leave one away`},
		{"expiry", `"4912"`, `"1249x"`, `bank.yaml:17: cards[1].expiry: "1249x", want YYMM`},
		{"expiry month", `"4912"`, `"4913"`, `bank.yaml:17: cards[1].expiry: "4913", want YYMM`},
		{"pin", `"0012"`, `"12"`, `bank.yaml:18: cards[1].pin: a value of 2 characters, want 4 to 12 digits`},
		{"neither number nor code", "pan: \"6225000000000014\"", "service: 101", `bank.yaml:15: cards[1]: has neither pan nor code; give at least one`},
		{"answer", "pin:", "answer: none\n    pin:", `bank.yaml:18: cards[1].answer: "none", want a response code of 2 digits or capitals`},
		{"address", "dialect: cup", "address: 10.0.0.9", `bank.yaml:2: address: "10.0.0.9", want host:port as in 10.0.0.9:8583`},
		{"port", "dialect: cup", "address: 10.0.0.9:0", `bank.yaml:2: address: "10.0.0.9:0", want a port from 1 to 65535 after the host`},
		{"tls file", "dialect: cup", "tls: {ca: none.pem}", `bank.yaml:2: tls.ca: file none.pem: no such file`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(good, c.old) {
				t.Fatalf("profile has no %q to spoil", c.old)
			}
			_, err := Parse("bank.yaml", []byte(strings.Replace(good, c.old, c.new, 1)), 0)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error is\n%v\nwant in it\n%s", err, c.want)
			}
		})
	}
	for _, c := range []struct{ data, want string }{
		{"", "bank.yaml:1: file is empty; posfleet's own profile is a start (docs/profile.md)"},
		{strings.Repeat("#\n", 1<<20), "bank.yaml:1: file is longer than 1048576 octets; put a large fleet into a list or a range"},
		{"42", "bank.yaml:1: want keys and values: accept-live-pan, address"},
	} {
		if _, err := Parse("bank.yaml", []byte(c.data), 0); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.10q: error is %v, want in it %s", c.data, err, c.want)
		}
	}
	for _, key := range []string{"operators", "merchants", "terminals", "cards"} {
		without := strings.Replace(good, key+":", "# "+key, 1)
		if _, err := Parse("bank.yaml", []byte(without), 0); err == nil {
			t.Errorf("taken without %s", key)
		}
	}
}

func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	bad := strings.NewReplacer("30s", "30", `"0012"`, "x", "dialect: cup", "port: 8583").Replace(good)
	_, err := Parse("bank.yaml", []byte(bad), 0)
	if err == nil || strings.Count(err.Error(), "\n") < 1 || !strings.Contains(err.Error(), ":2:") || !strings.Contains(err.Error(), ":5:") {
		t.Errorf("got %v, want lines 2 and 5 told", err)
	}
}

func TestLiveCardsNeedConsent(t *testing.T) {
	live := strings.Replace(good, "6225000000000014", "6225880000000019", 1)
	p, err := Parse("bank.yaml", []byte(live+"accept-live-pan: true\n"), 0)
	if err != nil || !p.LivePAN {
		t.Errorf("accepted live card: %v, LivePAN %v", err, p != nil && p.LivePAN)
	}
	p, err = Parse("bank.yaml", []byte(live+"test-ranges:\n  - {name: our lab, prefix: \"622588\"}\n"), 0)
	if err != nil || p.LivePAN {
		t.Errorf("card in a range of our own: %v", err)
	}
	p, err = Parse("bank.yaml", []byte(good+"accept-live-pan: true\n"), 0)
	if err != nil || p.LivePAN {
		t.Errorf("test card taken for a live one: %v", err)
	}
}

func TestEachTestRangeHoldsGoodNumbers(t *testing.T) {
	for _, r := range TestRanges() {
		if len(r.Prefix) >= 14 && !strings.Contains(r.Name, "Worldline") && !Luhn(r.Prefix) {
			t.Errorf("%s: %s does not end in its check digit", r.Name, r.Prefix)
		}
	}
}

func TestFleetIsAsLargeAsAsked(t *testing.T) {
	ranged := strings.Replace(good, "cards:", "  - {first: \"20000001\", count: 5, kind: mobile, derive: test:0001020304050607}\ncards:", 1)
	for _, c := range []struct {
		file string
		want int
		got  int
		last string
	}{
		{ranged, 0, 6, "20000005"}, {ranged, 1, 1, "A0000001"}, {ranged, 3, 3, "20000002"}, {ranged, 30, 30, "20000029"}, {good, 1, 1, "A0000001"},
	} {
		p, err := Parse("bank.yaml", []byte(c.file), c.want)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(p.Terminals); n != c.got || p.Terminals[n-1].TID != c.last {
			t.Errorf("asked for %d: %d terminals, the last %s, want %d, %s", c.want, n, p.Terminals[n-1].TID, c.got, c.last)
		}
	}
	if _, err := Parse("bank.yaml", []byte(good), 2); err == nil || !strings.Contains(err.Error(), "bank.yaml:12: terminals: 1 of them, 2 were asked for; add a range") {
		t.Errorf("two of one: %v", err)
	}
}

// write puts a file into a folder of the test's own.
func write(t *testing.T, dir, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestKeysFromFiles(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	const key = "000102030405060708090A0B0C0D0E0F"
	write(t, dir, "own.key", key+"\n", 0o600)
	write(t, dir, "open.key", key, 0o640)
	write(t, dir, "torn.key", key[:30], 0o600)
	abs := write(t, elsewhere, "abs.key", key, 0o400)
	if err := os.Symlink(abs, filepath.Join(dir, "link.key")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "fleet.csv", "# tid, mid, kind, key\n30000001,123456789012345,qr,"+key+"\n30000002, 123456789012345, counter, "+key+"\n", 0o600)
	write(t, dir, "sheet.csv", "\ufeff\"TID\",\"MID\",\"kind\",\"master key\"\r\n\"30000001\",\"123456789012345\",\"qr\",\""+key+"\"\r\n  # a remark\r\n \r\n30000002,\"123456789012345\",counter,"+key+"\r\n", 0o600)
	write(t, dir, "order.csv", "Kind,Master key,name,MID,TID\nqr,"+key+",Shop 1,123456789012345,30000001\ncounter,"+key+",,123456789012345,30000002\n,,,,\n,,,,\n", 0o600)
	write(t, dir, "none.csv", "tid,mid,kind,master\n\n", 0o600)
	write(t, dir, "semicolons.csv", "30000001;123456789012345;qr;"+key+"\n", 0o600)
	write(t, dir, "tabs.csv", "30000001\t123456789012345\tqr\t"+key+"\n", 0o600)
	write(t, dir, "lacks.csv", "tid,mid,master key\n30000001,123456789012345,"+key+"\n", 0o600)
	write(t, dir, "gbk.csv", "\xd6\xd5,\xb6\xcb,x,y\n", 0o600)
	write(t, dir, "quote.csv", "tid,mid,kind,key\n30000001,\"123456789012345,qr,"+key+"\n", 0o600)
	write(t, dir, "bad.csv", "30000001,123456789012345,qr,"+key[2:]+"\n\n30000002,123456789012345\n30000003,123456789012345,till,"+key+"\n", 0o600)
	write(t, dir, "stranger.csv", "30000001,999999999999999,qr,"+key+"\n", 0o600)
	write(t, dir, "first.part", "8F1E2D3C4B5A69788796A5B4C3D2E1F0 1790C1\n", 0o600)
	write(t, dir, "second.part", "8F1F2F3F4F5F6F7F8F9FAFBFCFDFEFFF\n", 0o600)
	write(t, dir, "third.part", "0102030405060708090A0B0C0D0E0F10\n", 0o600)
	write(t, dir, "again.part", "8F1E2D3C4B5A69788796A5B4C3D2E1F1\n", 0o600) // but for parity
	write(t, dir, "whole.part", "000102030405060708090A0B0C0D0E0F\n", 0o600)
	write(t, dir, "typo.part", "8F1E2D3C4B5A69788796A5B4C3D2E1F3 1790C1\n", 0o600)
	write(t, dir, "long.part", "8F1E 2D3C 4B5A", 0o600)
	const inline = "master: test:" + key
	for _, c := range []struct{ name, new, want string }{
		{"own", "file: own.key", ""},
		{"absolute", "file: " + abs, ""},
		{"readable by others", "file: open.key", "bank.yaml:13: terminals[1].file: file open.key holds keys and others may read it (mode 0640); chmod 600 open.key"},
		{"torn", "file: torn.key", "bank.yaml:13: terminals[1].file: file torn.key holds no key, want 32 hexadecimal digits"},
		{"link out of the folder", "file: link.key", "bank.yaml:13: terminals[1].file: file link.key: path escapes"},
		{"components", "components: [first.part, second.part]\n    kcv: DDADA1", ""},
		{"file with its check value", "file: own.key\n    kcv: ddada161e8d79673", ""},
		{"component with a digit wrong", "components: [typo.part, second.part]", "bank.yaml:13: terminals[1].components[1]: file typo.part: its check value is "},
		{"another check value", "file: own.key\n    kcv: \"000000\"", "terminals[1].kcv: the master key: its check value is DDADA1, want 000000"},
		{"another one of digits alone", "file: own.key\n    kcv: \"12345678\"", "terminals[1].kcv: the master key: its check value is DDADA161, want 12345678"},
		{"half a key for one", "file: own.key\n    kcv: 0123456789ABCDEF", "16 digits, which may be of a key and are not repeated"},
		{"components of another key", "components: [first.part, third.part]\n    kcv: DDADA1", "bank.yaml:14: terminals[1].kcv: the master key: its check value is "},
		{"component given twice", "components: [first.part, again.part]", "bank.yaml:13: terminals[1].components[2]: file again.part cancels the components before"},
		{"key given with its components", "components: [first.part, second.part, whole.part]", "bank.yaml:13: terminals[1].components[3]: file whole.part cancels the components before"},
		{"check value of derived keys", "derive: test:0011223344556677\n    kcv: DDADA1", "bank.yaml:14: terminals[1].kcv: of keys that are derived"},
		{"one component", "components: [first.part]", "bank.yaml:13: terminals[1].components: 1 components, want 2 or 3"},
		{"component of many words", "components: [long.part, second.part]", "components[1]: file long.part holds 3 words, want a component and its check value"},
		{"no check value", "file: own.key\n    kcv: DDAD", "terminals[1].kcv: the master key: check value, want 6 to 16 hexadecimal digits"},
		{"folder", "file: .", "bank.yaml:13: terminals[1].file: . is not a file"},
		{"list", inline + "\n  - list: fleet.csv", ""},
		{"list of a spreadsheet", inline + "\n  - list: sheet.csv", ""},
		{"list in the order of its heading, with empty rows", inline + "\n  - list: order.csv", ""},
		{"list without a terminal", inline + "\n  - list: none.csv", "none.csv:1: has no terminal"},
		{"list with semicolons", inline + "\n  - list: semicolons.csv", "semicolons.csv:1: semicolons between the values, want commas"},
		{"list with tabs", inline + "\n  - list: tabs.csv", "tabs.csv:1: tabs between the values, want commas"},
		{"list without a column", inline + "\n  - list: lacks.csv", "lacks.csv:1: the heading has no column kind"},
		{"list in GBK", inline + "\n  - list: gbk.csv", "gbk.csv:1: line 1 is not UTF-8 (GBK? save as UTF-8)"},
		{"list with a quote left open", inline + "\n  - list: quote.csv", "quote.csv:2: "},
		{"list with errors", inline + "\n  - list: bad.csv", "bad.csv:1: master key, want 32 hexadecimal digits"},
		{"list with errors further on", inline + "\n  - list: bad.csv", "bad.csv:3: 2 values, want 4: tid,mid,kind,master key in hexadecimal"},
		{"list with a wrong kind", inline + "\n  - list: bad.csv", `bad.csv:4: kind "till", want one of desktop, desktop-dial, mobile, smart, e-signature, qr`},
		{"list with an unknown merchant", inline + "\n  - list: stranger.csv", "stranger.csv:1: terminal 30000001 is of merchant 999999999999999, who is not under merchants"},
		{"list twice", inline + "\n  - list: fleet.csv\n  - list: fleet.csv", "fleet.csv:2: terminal 30000001 stands twice; leave one away"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, dir, "bank.yaml", strings.Replace(good, inline, c.new, 1), 0o644)
			p, err := Load(path, 0)
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want == "":
				if last := p.Terminals[len(p.Terminals)-1]; last.Master[15] != 15 {
					t.Error("key is not the file's")
				}
			case err == nil || !strings.Contains(err.Error(), c.want):
				t.Errorf("error is\n%v\nwant in it\n%s", err, c.want)
			case strings.Contains(err.Error(), key[:20]):
				t.Error("the error shows the key")
			}
		})
	}
	if _, err := Load(filepath.Join(dir, "none.yaml"), 0); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("missing profile: %v", err)
	}
}

func TestTLSFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "ca.pem", "x", 0o644)
	write(t, dir, "client.pem", "x", 0o644)
	write(t, dir, "client.key", "x", 0o600)
	write(t, dir, "open.key", "x", 0o644)
	for _, c := range []struct{ tls, want string }{
		{"{ca: ca.pem, cert: client.pem, key: client.key, server-name: host.test}", ""},
		{"{}", ""},
		{"{cert: client.pem}", "cert and key go together; give both or neither"},
		{"{cert: client.pem, key: open.key}", "file open.key holds keys and others may read it (mode 0644)"},
		{"{skip-verify: true}", `unknown key "skip-verify"; known here: ca, cert, key, min-version, pin, rsa-key-exchange, server-name`},
		{`{pin: "sha256:00"}`, "64 hexadecimal digits"},
		{`{pin: "sha256:" , min-version: "1.4"}`, "tls.min-version"},
		{`{ca: ca.pem, pin: "sha256:` + strings.Repeat("0a:", 31) + `ff"}`, "leave ca and server-name out"},
	} {
		p, err := Load(write(t, dir, "bank.yaml", good+"tls: "+c.tls+"\n", 0o644), 0)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.tls, err)
		case c.want == "" && c.tls != "{}" && (p.TLS.Key != filepath.Join(dir, "client.key") || p.TLS.ServerName != "host.test"):
			t.Errorf("%s: got %+v", c.tls, p.TLS)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error is %v, want %s", c.tls, err, c.want)
		}
	}
}

// A spec of the user's own replaces the dialect's fields and nothing else.
func TestOwnFieldSpec(t *testing.T) {
	dir := t.TempDir()
	var spec strings.Builder
	spec.WriteString(`{"name": "our own", "fields": {"1": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Hex.Fixed"}`)
	for f, n := range map[int]int{0: 4, 3: 6, 4: 12, 11: 6, 25: 2, 41: 8, 42: 15, 49: 3, 60: 6, 70: 3, 90: 42} {
		fmt.Fprintf(&spec, `, "%d": {"type": "String", "length": %d, "enc": "ASCII", "prefix": "ASCII.Fixed"}`, f, n)
	}
	write(t, dir, "own.json", spec.String()+"}}", 0o644)
	write(t, dir, "torn.json", spec.String(), 0o644)
	write(t, dir, "poor.json", `{"name": "poor", "fields": {"0": {"type": "String", "length": 4, "enc": "ASCII", "prefix": "ASCII.Fixed"},
		"1": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Hex.Fixed"}}}`, 0o644)
	for _, c := range []struct{ spec, want string }{
		{"own.json", ""},
		{"torn.json", "bank.yaml:3: spec: file torn.json: "},
		{"poor.json", "bank.yaml:3: spec: file poor.json: "},
	} {
		file := strings.Replace(good, "dialect: cup\ntpdu: \"6000050000\"", "dialect: iso87\nspec: "+c.spec+"\nlength: digits4", 1)
		p, err := Load(write(t, dir, "bank.yaml", file, 0o644), 0)
		switch {
		case c.want == "" && err != nil:
			t.Error(err)
		case c.want == "" && (p.Dialect.Spec.Name != "our own" || p.Dialect.Length != wire.Digits4):
			t.Errorf("spec is %s, length %+v", p.Dialect.Spec.Name, p.Dialect.Length)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error is %v, want %s", c.spec, err, c.want)
		}
	}
}

func TestHeaderMayBeLeftOut(t *testing.T) {
	for _, c := range []struct {
		tpdu, header string
		want         int
	}{{`"6000050000"`, `"603100310000"`, 11}, {"none", "none", 0}, {`"6000050000"`, "none", 5}, {"none", `"603100310000"`, 6},
		{"none", `"0100"`, 2}, {"none", `"01"`, 1}, {"none", "ISO006000020", 12}, {`"6000050000"`, `"ISO006000020"`, 17},
		{"none", "text:6000", 4}, {"none", `"` + strings.Repeat("2E", 46) + `"`, 46}} {
		file := strings.Replace(good, `"6000050000"`, c.tpdu+"\nheader: "+c.header, 1)
		p, err := Parse("bank.yaml", []byte(file), 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Head) != c.want || p.Dialect.Header.Len() != c.want {
			t.Errorf("tpdu %s, header %s: %d octets, dialect %d, want %d", c.tpdu, c.header, len(p.Head), p.Dialect.Header.Len(), c.want)
		}
	}
	p, err := Parse("bank.yaml", []byte(strings.Replace(good, `"6000050000"`, "none\nheader: ISO006000020", 1)), 0)
	if err != nil || string(p.Head) != "ISO006000020" {
		t.Errorf("header is %q, %v", p.Head, err)
	}
}

func TestWrongHeaderIsRefused(t *testing.T) {
	for _, header := range []string{"6O3100310000", "603", `""`, strings.Repeat("60", 51), `"text:"`, "中文"} {
		if _, err := Parse("bank.yaml", []byte(strings.Replace(good, `"6000050000"`, "none\nheader: "+header, 1)), 0); err == nil || !strings.Contains(err.Error(), "header: ") {
			t.Errorf("header %s: %v", header, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add(bytes.Replace(BundledYAML(), []byte("count: 1000"), []byte("count: 2"), -1))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte(good + "kinds: {pump: {chinese: 加油机, also: [tank], parts: [display, card-reader], line: hut}}\nline-profiles: {hut: {connect: 1s, p50: 1ms, p95: 2s, lost: 0.5, up: 1.2, breaks: 1, hangs-up: true}}\nline-profile: kinds\nscreens: {standby: x}\n"))
	f.Add([]byte("terminals: [{first: \"99999999\", count: 2, derive: test:0001020304050607}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("none/fuzz.yaml", data, 3)
		if (p == nil) == (err == nil) {
			t.Fatal("neither profile nor error, or both")
		}
		if p == nil {
			return
		}
		if len(p.Terminals) != 3 || p.Dialect == nil {
			t.Fatalf("%d terminals", len(p.Terminals))
		}
		for i := range p.Cards {
			if got := len(p.Holders(p.Cards[i].Role)); got != p.Cards[i].Count {
				t.Fatalf("%d holders of %d", got, p.Cards[i].Count)
			}
		}
	})
}

const tiers = "[{name: tiers, rounding: half-up, refund: remaining, rates: [{kinds: [credit], rate: 0.6%}, {up-to: 1000.00, rate: 0.38%}, {rate: 0.5%, cap: 20.00}]}]"

// A merchant names one of the fee plans, of the profile itself or of a file beside it.
func TestMerchantsNameAFeePlan(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "plans.yaml", "plans: "+tiers, 0o644)
	named := strings.Replace(good, "fee: {basis-points: 60, cap: 80}", "fee-plan: tiers, class: favoured", 1)
	named = strings.Replace(named, "  - role: good", "  - kind: credit\n    role: good", 1)
	for _, plans := range []string{tiers, "plans.yaml"} {
		p, err := Load(write(t, dir, "bank.yaml", named+"fee-plans: "+plans+"\n", 0o644), 0)
		if err != nil {
			t.Fatal(err)
		}
		m := p.Merchants[0]
		if got := m.Plan.Fee(fee.Sale{Amount: 2_000_00}); m.Plan.Name != "tiers" || got != 10_00 || m.Class != fee.Favoured {
			t.Errorf("plan %s, 2,000.00 costs %d, class %s", m.Plan.Name, got, m.Class)
		}
		if got := p.Cards[0].Kind; got != fee.Credit {
			t.Errorf("the card is of kind %s", got)
		}
	}
	write(t, dir, "wrong.yaml", "plans: [{name: a}]", 0o644)
	for _, c := range []struct{ profile, want string }{
		{named, `bank.yaml:10: merchants[1].fee-plan: "tiers", and there are no fee-plans; add them`},
		{named + "fee-plans: " + strings.Replace(tiers, "tiers", "flat", 1), `"tiers" is no fee plan, want one of flat`},
		{strings.Replace(named, "favoured", "poor", 1) + "fee-plans: plans.yaml", `class: "poor", want one of standard, favoured, exempt`},
		{strings.Replace(named, "kind: credit", "kind: gold", 1) + "fee-plans: plans.yaml", `kind: "gold", want one of debit, credit, foreign`},
		{strings.Replace(named, "fee-plan: tiers", "fee-plan: tiers, fee: {basis-points: 1}", 1) + "fee-plans: plans.yaml", "merchants[1]: has fee and fee-plan; keep one"},
		{named + "fee-plans: nosuch.yaml", "fee-plans: file nosuch.yaml"},
		{named + "fee-plans: ../plans.yaml", "is outside the profile's folder"},
		{named + "fee-plans: wrong.yaml", "fee-plans: wrong.yaml:1: plans[1]: key rounding is missing"},
	} {
		_, err := Load(write(t, dir, "bank.yaml", c.profile+"\n", 0o644), 0)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if p, err := Parse("bank.yaml", []byte(strings.Replace(good, ", fee: {basis-points: 60, cap: 80}", "", 1)), 0); err != nil || p.Merchants[0].Plan.Fee(fee.Sale{Amount: 1_000_00}) != 0 {
		t.Errorf("a merchant without fee pays one, or %v", err)
	}
}
