package line

import (
	"fmt"
	"net"
	"testing"

	"github.com/posfleet/posfleet/sim/wire"
)

// An answer that lay unread when its line broke was in time, as far as anybody knows: it is
// no late one, which a longer timeout would wait for.
func TestAnAnswerOfABrokenLineIsNotLate(t *testing.T) {
	for name, c := range map[string]struct {
		ends func(s *Shared, conn *concentrator, h uint64)
		want Strays
	}{
		"write error": {func(s *Shared, conn *concentrator, h uint64) {
			s.fail(conn, fmt.Errorf("%w: write: broken pipe", ErrBroken))
		}, Strays{Cut: 1}},
		"no answer in time": {func(s *Shared, conn *concentrator, h uint64) { s.end(h, s.open[h], ErrTimeout, 0) }, Strays{Late: 1}},
		"answered before":   {func(s *Shared, conn *concentrator, h uint64) { s.end(h, s.open[h], nil, 0) }, Strays{Duplicate: 1}},
	} {
		here, there := net.Pipe()
		defer there.Close()
		conn := &concentrator{Conn: here}
		s := NewShared(t.Context(), &Dialer{}, &wire.Format{}, NewClock())
		const h = 42
		s.open[h], s.taken = &call{on: conn}, 1
		c.ends(s, conn, h)
		s.stray(conn, h, []byte("0210"))
		got := s.Leftovers()
		if got.Late != c.want.Late || got.Cut != c.want.Cut || got.Duplicate != c.want.Duplicate || got.Unmatched != 0 || len(got.Kept) == 0 {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
		var sum Strays
		if sum.add(got); !got.any() || sum.Cut != got.Cut {
			t.Errorf("%s: it is lost: %+v", name, sum)
		}
	}
}
