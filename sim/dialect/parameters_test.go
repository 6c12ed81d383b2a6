package dialect

import "testing"

// Parameters are codes of two digits with values of fixed length: what a maker has of its own
// ends them, what is cut short or no digits is refused whole.
func TestParametersAreReadOrRefused(t *testing.T) {
	barred := uint64(1<<PurchaseVoid | 1<<Refund | 1<<PreAuth | 1<<PreAuthVoid | 1<<Completion | 1<<CompletionVoid)
	for text, want := range map[string]Parameters{
		"":                             {},
		"1260180191520021":             {}, // cut short: refused
		"12601801915200211" + "233240": {NoTips: true, NoTyping: true, SignsOff: true, MostTip: 15, Tries: 3, HoldsBack: true},
		"1421-5555      201":           {},
		"26\xC0\x00\x00\x00200":        {Barred: barred, NoTyping: true},
		"26C0000000":                   {}, // as text, whose length nobody tells
		"201" + "9912":                 {}, // a maker's own
		"180" + "99" + "200":           {NoTips: true},
		"22" + "\xCF\xFB\xB7\xD1 shop                                " + "200": {},
	} {
		var got Parameters
		err := ReadParameters([]byte(text), &got)
		if cut := text == "1260180191520021" || text[:min(2, len(text))] == "22"; cut != (err != nil) {
			t.Errorf("%q: %v", text, err)
		} else if err == nil && got != want {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
	}
	for _, text := range []string{"2", "20", "20x", "19 5", "123", "26\xC0\x00"} {
		if ReadParameters([]byte(text), new(Parameters)) == nil {
			t.Errorf("%q is taken", text)
		}
	}
	for code, values := range map[string]map[string]bool{"20": {"0": true, "": false, "10": false, "x": false}, "26": {"C0000000": true, "C000": false, "G0000000": false}, "27": {"1": false}} {
		for value, want := range values {
			if _, err := ParameterValue(code, value); (err == nil) != want {
				t.Errorf("parameter %s of %q: %v", code, value, err)
			}
		}
	}
}
