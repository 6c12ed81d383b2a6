package line_test

import (
	"testing"

	"github.com/posfleet/posfleet/sim/line"
)

func TestLinesAreReadStrictly(t *testing.T) {
	for s, want := range map[string]line.Mode{"": {}, "own": {}, "each": {Each: true}, "shared:1": {Shared: 1}, "shared:64": {Shared: 64}} {
		l, err := line.ParseMode(s)
		if err != nil || l != want {
			t.Errorf("line %q: %+v, %v; want %+v", s, l, err, want)
		}
		if again, err := line.ParseMode(l.String()); err != nil || again != l {
			t.Errorf("line %q is written %s, which reads %+v, %v", s, l, again, err)
		}
	}
	for _, s := range []string{"shared", "shared:", "shared:0", "shared:-1", "shared:08", "shared:4x", "shared: 4", "both", "OWN"} {
		if l, err := line.ParseMode(s); err == nil {
			t.Errorf("line %q is read as %+v", s, l)
		}
	}
}
