package dialect

import (
	"bytes"
	"testing"

	"github.com/posfleet/posfleet/sim/allocs"
)

func TestTagsComeBackAsWritten(t *testing.T) {
	v := AppendTag(nil, TagOwnNumber, "a1")
	v = AppendTagUint(v, TagTotal, 6201, 12)
	v = AppendTag(v, TagLines, string(AppendOrderLine(AppendOrderLine(nil, OrderLine{101, 2, 2800}), OrderLine{9999, 999, 99999999})))
	if got, want := string(v), "O1002a1OC012000000006201O3030010100200002800999999999999999"; got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	lines, ok := AppendOrderLines(nil, Tagged(v, TagLines))
	if !ok || len(lines) != 2 || OrderTotal(lines) != 5600+999*99999999 || TaggedUint(v, TagTotal) != 6201 || string(Tagged(v, TagOwnNumber)) != "a1" || Tagged(v, TagCode) != nil {
		t.Errorf("read as %v, %t", lines, ok)
	}
}

// A digit that is wrong and two that changed places are noticed, but for 0 and 9.
func TestCheckDigitOfOrderNumbers(t *testing.T) {
	number := []byte("10000001261126140000" + "0042")
	number = append(number, OrderCheckDigit(number))
	if !IsOrderNumber(number) {
		t.Fatalf("%s is no order number", number)
	}
	for i := range number {
		for d := byte('0'); d <= '9'; d++ {
			wrong := bytes.Clone(number)
			if wrong[i] = d; d != number[i] && IsOrderNumber(wrong) {
				t.Errorf("%s passes", wrong)
			}
		}
		if i > 0 && number[i] != number[i-1] {
			wrong := bytes.Clone(number)
			if wrong[i], wrong[i-1] = wrong[i-1], wrong[i]; IsOrderNumber(wrong) {
				t.Errorf("%s passes", wrong)
			}
		}
	}
	if letters := append([]byte("AB0000012611261400000042"), OrderCheckDigit([]byte("AB0000012611261400000042"))); !IsOrderNumber(letters) {
		t.Errorf("%s is no order number", letters)
	}
}

func TestOneTimeCodeSaysItsAge(t *testing.T) {
	for _, c := range []struct {
		made, at int64
		fresh    bool
	}{{1000, 1000, true}, {1000, 1060, true}, {1000, 1061, false}, {1061, 1000, false}, {999_990, 1_000_040, true}, {999_990, 1_000_051, false}, {1000, 501_000, false}} {
		v := AppendOneTimeCode(nil, OneTimeCode{Payer: 12, Second: uint32(c.made % 1e6), Number: 7})
		code, ok := ReadOneTimeCode(v)
		if !ok || code.Payer != 12 || code.Number != 7 || code.Fresh(c.at) != c.fresh {
			t.Errorf("%s of %d at %d: %+v, fresh %t, want %t", v, c.made, c.at, code, code.Fresh(c.at), c.fresh)
		}
	}
}

// Each state, reason and step has words of its own in both languages.
func TestOrderWordsTellApart(t *testing.T) {
	seen := map[string]bool{"": true}
	word := func(kind, w string) {
		t.Helper()
		if seen[kind+w] || w == "" {
			t.Errorf("%s %q stands twice or is empty", kind, w)
		}
		seen[kind+w] = true
	}
	for s := range orderStates {
		word("state", s.String())
		word("state", s.Chinese())
		if got, ok := OrderStateNamed(s.Chinese()); !ok || got != s {
			t.Errorf("%s is not found", s.Chinese())
		}
	}
	for r := OrderReason(1); r < orderReasons; r++ {
		word("reason", r.String())
		word("reason", r.Display())
		if r.Next() == Done {
			t.Errorf("%s has no next step", r)
		}
		if got, ok := OrderReasonNamed(r.Display()); !ok || got != r {
			t.Errorf("%s is not found", r.Display())
		}
	}
	for n := range nextSteps {
		word("step", n.String())
		word("step", n.Chinese())
		if got, ok := nextStepNamed(nextStepTable[n].name); !ok || got != n {
			t.Errorf("%s is not found", nextStepTable[n].name)
		}
	}
}

// Every code of the networks that declines and that terminals show says what to do.
func TestDeclinesSayTheNextStep(t *testing.T) {
	d, _ := Named("cup")
	for _, c := range d.Codes {
		if (c.Class == Declines) != (c.Next != Done) {
			t.Errorf("code %s of class %d has the next step %q", c.Code, c.Class, c.Next)
		}
	}
}

func FuzzTags(f *testing.F) {
	f.Add([]byte("O1002a1O3015010100200002800"), "O3")
	f.Fuzz(func(t *testing.T, v []byte, tag string) {
		if len(tag) != 2 {
			return
		}
		if n := allocs.Above(4*uint64(len(v))+4096, func() { AppendOrderLines(nil, Tagged(v, tag)) }); n > 0 {
			t.Fatalf("reading %d octets allocates %d", len(v), n)
		}
		got := Tagged(v, tag)
		TaggedUint(v, tag)
		IsOrderNumber(v)
		ReadOneTimeCode(v)
		if got == nil {
			return
		}
		if again := Tagged(AppendTag(nil, tag, got), tag); !bytes.Equal(again, got) {
			t.Errorf("%q comes back as %q", got, again)
		}
		if lines, ok := AppendOrderLines(nil, got); ok {
			var back []byte
			for _, l := range lines {
				back = AppendOrderLine(back, l)
			}
			if !bytes.Equal(back, got) {
				t.Errorf("lines %q come back as %q", got, back)
			}
		}
	})
}
