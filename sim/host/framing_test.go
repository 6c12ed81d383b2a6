package host

import (
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// A line that has no length carries text alone; what a network management
// message of iso87 has is, but for its bitmap, text.
func TestEchoWhereATrailerEndsMessages(t *testing.T) {
	base24, err := wire.Channel("BASE24Channel")
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]wire.Framing{
		"BASE24Channel": base24,
		"STX, ETX, LRC": {Before: "\x02", Trailer: "\x03", LRC: true},
	} {
		p := bench("iso87")
		f.Header = wire.Header{App: 12}
		p.Dialect.Framing, p.Head = f, []byte("ISO015000055")
		if err := p.Dialect.Compile(); err != nil {
			t.Fatal(err)
		}
		h, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		d := &line.Dialer{Address: serveHost(t, h), Timeout: patient}
		own := line.NewOwn(t.Context(), d, &h.dialect.Format, line.NewClock())
		each := line.NewOwn(t.Context(), d, &h.dialect.Format, line.NewClock())
		each.Each = true
		shared := line.NewShared(t.Context(), d, &h.dialect.Format, line.NewClock())
		for kind, l := range map[string]line.Link{"own": own, "each": each, "shared": shared} {
			pos := &pos{TB: t, entry: &p.Terminals[0], p: p}
			for range 3 {
				m := pos.request(dialect.Echo, set(7, "1126041530"))
				x := &line.Exchange{Request: pos.frame(m), Key: m.Key(), Timeout: patient}
				if err := l.Exchange(x); err != nil || x.Unreadable != nil || x.Answer.Text(wire.ResponseCode) != "00" {
					t.Errorf("%s, %s: %v, %v", name, kind, err, x.Unreadable)
				}
			}
			l.Close()
		}
		shared.Wait()
	}
}
