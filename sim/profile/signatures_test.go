package profile

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/signature"
)

// withOperators is a profile in a folder of its own, with these operators and policy.
func withOperators(t *testing.T, policy, operators string, files map[string][]byte) (*Profile, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		mode := os.FileMode(0o600)
		if strings.HasPrefix(name, "open") {
			mode = 0o644
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, mode); err != nil {
			t.Fatal(err)
		}
	}
	return Parse(filepath.Join(dir, "bank.yaml"), []byte(`policy: {`+policy+`}
operators: [`+operators+`]
merchants: [{mid: "123456789012345", name: shop}]
terminals: [{tid: "10000001", master: "test:0123456789ABCDEFFEDCBA9876543210"}]
cards: [{role: good, pan: "6225000000000014", expiry: "4912"}]
`), 0)
}

// ofWriter is a file of a writer's signatures.
func ofWriter(t *testing.T, n uint64) []byte {
	t.Helper()
	all := []signature.Signature{}
	for i := range n {
		all = append(all, signature.Generate(4, signature.Genuine, i))
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const supervisor = `, {number: "00", password: "123456"}`

func TestAFileOfSignaturesIsEnrolled(t *testing.T) {
	p, err := withOperators(t, "signatures: {sign-in: true, tries: 2, part: 100}", `{number: "01", password: "0000", signature: zhang.json}`+supervisor,
		map[string][]byte{"zhang.json": ofWriter(t, 7)})
	if err != nil {
		t.Fatal(err)
	}
	if want := (Signatures{SignIn: true, Tries: 2, UploadTries: 3, Part: 100}); p.Policy.Signatures != want {
		t.Errorf("policy %+v, want %+v", p.Policy.Signatures, want)
	}
	h := p.Operator("01").Hand
	for n := range uint64(3) {
		if s := h.Sign(signature.Genuine, n); !h.Writer().Verify(s).Accepted() || len(s) == 0 {
			t.Errorf("signature %d of the file is not accepted", n)
		}
	}
	if h.Sign(signature.Shaky, 0) != nil || h.References() != nil {
		t.Error("of a file there are shaky signatures, or its references are given out")
	}
	if h.Writer().Verify(h.Stranger(0)).Accepted() {
		t.Error("a stranger is accepted")
	}
}

func TestGeneratedHandsDiffer(t *testing.T) {
	p, err := Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	a, b := p.Operator("01").Hand, p.Operator("02").Hand
	if a.Writer().Verify(b.Sign(signature.Genuine, 0)).Accepted() || len(a.References()) != 5 {
		t.Error("operator 02 signs as operator 01")
	}
	accepted := 0
	for n := range uint64(20) {
		s := a.Sign(signature.Genuine, n)
		r := a.Writer().Verify(s)
		for range 2 { // compared, and remembered
			if got := a.Verify(s); got != r {
				t.Errorf("signature %d comes out as %+v, want %+v", n, got, r)
			}
		}
		if r.Accepted() {
			accepted++
		}
	}
	if accepted < 18 {
		t.Errorf("%d of 20 genuine signatures are accepted", accepted)
	}
}

func TestWrongSignatureKeys(t *testing.T) {
	for name, c := range map[string]struct{ policy, operators, want string }{
		"no supervisor":   {"supervisor: false, signatures: {sign-in: true}", `{number: "01", password: "0000"}`, "one is asked when a signature is refused"},
		"does not sell":   {"", `{number: "01", password: "0000"}, {number: "00", password: "123456", signature: 3}`, "does not sell"},
		"no such file":    {"", `{number: "01", password: "0000", signature: nobody.json}` + supervisor, "nobody.json"},
		"too few":         {"", `{number: "01", password: "0000", signature: few.json}` + supervisor, "has 5 signatures"},
		"others may read": {"", `{number: "01", password: "0000", signature: open.json}` + supervisor, "others may read"},
		"no JSON":         {"", `{number: "01", password: "0000", signature: text.json}` + supervisor, "text.json"},
		"copies":          {"", `{number: "01", password: "0000", signature: copies.json}` + supervisor, "copies of one"},
		"outside":         {"", `{number: "01", password: "0000", signature: ../few.json}` + supervisor, "outside"},
		"no tries":        {"signatures: {tries: 0}", `{number: "01", password: "0000"}` + supervisor, "tries"},
		"long parts":      {"signatures: {part: 1000}", `{number: "01", password: "0000"}` + supervisor, "part"},
		"misspelt":        {"signatures: {signin: true}", `{number: "01", password: "0000"}` + supervisor, "signin"},
	} {
		one, _ := json.Marshal(signature.Generate(4, signature.Genuine, 0))
		copies := "[" + strings.Repeat(string(one)+",", 5) + string(one) + "]"
		_, err := withOperators(t, c.policy, c.operators, map[string][]byte{"few.json": ofWriter(t, 5), "open.json": ofWriter(t, 7), "text.json": []byte("zhang"), "copies.json": []byte(copies)})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "bank.yaml:") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
