package scenarios

import (
	"strings"
	"testing"
)

// Percent are of a hundred; weights are of their sum.
func TestSharesInPercentAddUp(t *testing.T) {
	for text, want := range map[string]string{
		"70 30": "", "7 3 5": "", "70% 30%": "", "33.3% 33.3% 33.3%": "", "70 70": "", "12.5% 87.5%": "",
		"70% 70%": "add up to 140 %", "70% 20%": "add up to 90 %", "33% 33% 33%": "add up to 99 %", "70% 30": "are in percent", "0%": "above 0", "x": "above 0", "NaN": "above 0", "-5%": "above 0",
	} {
		var s Shares
		var err error
		for _, share := range strings.Fields(text) {
			if _, err = s.Add(share); err != nil {
				break
			}
		}
		if err == nil {
			err = s.Check()
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
