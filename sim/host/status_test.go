package host

import (
	"testing"

	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// The host keeps the last status of each terminal, and one ticket for one fault.
func TestLastStatusIsKept(t *testing.T) {
	h, address := listen(t, "cup")
	p, other := dialPOS(t, h, address, 0), dialPOS(t, h, address, 1)
	if _, told := h.Status(p.entry.TID); told {
		t.Fatal("it knows the status of a terminal that has told nothing")
	}
	tell := func(p *pos, text string) (ticket string) {
		t.Helper()
		p.want("00", dialect.StatusUpload, sub(wire.ManagementCode, "362"), sub(wire.TerminalStatus, text))
		return string(p.ans.Get(wire.TerminalStatus))
	}
	if ticket := tell(p, "011021031041051"); ticket != "" {
		t.Errorf("ticket %q for nothing broken", ticket)
	}
	first := tell(p, "011021031040051")
	again := tell(p, "011021031040051")
	if len(first) != 10 || again != first {
		t.Errorf("tickets %q and %q for one fault", first, again)
	}
	if s, told := h.Status(p.entry.TID); !told || s.Broken != device.Printer || s.Ticket != first || s.At.IsZero() {
		t.Errorf("%+v", s)
	}
	if elsewhere := tell(other, "011021031040051"); elsewhere == first {
		t.Error("two terminals have one ticket")
	}
	if next := tell(p, "010021031041051"); next == first {
		t.Error("another fault has the same ticket")
	}
	if ticket := tell(p, "011021031041051"); ticket != "" {
		t.Errorf("ticket %q after the repair", ticket)
	}
	if s, _ := h.Status(p.entry.TID); s.Broken != device.None || s.Ticket != "" {
		t.Errorf("after the repair: %+v", s)
	}
}

// A status that tells of nothing is no status, and the last one stays.
func TestWrongStatusIsRefused(t *testing.T) {
	h, address := listen(t, "cup")
	p := dialPOS(t, h, address, 0)
	p.want("00", dialect.StatusUpload, sub(wire.ManagementCode, "362"), sub(wire.TerminalStatus, "011020"))
	for _, text := range []string{"x", "991", "01?"} {
		p.want("30", dialect.StatusUpload, sub(wire.ManagementCode, "362"), sub(wire.TerminalStatus, text))
	}
	if s, _ := h.Status(p.entry.TID); s.Broken != device.PINPad {
		t.Errorf("%+v", s)
	}
}
