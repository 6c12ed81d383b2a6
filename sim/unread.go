package sim

import (
	"errors"
	"fmt"
	"sync"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// Unread is why an answer cannot be read.
type Unread struct {
	err   error
	field func() string
}

func (u *Unread) Error() string {
	if field := u.Field(); field != "" {
		return fmt.Sprintf("answer: %s (%v)", field, u.err)
	}
	return fmt.Sprintf("answer: %v", u.err)
}

func (u *Unread) Unwrap() error { return u.err }

// Field says which field is not as the dialect has it, so that the answer cannot be read;
// empty where that cannot be told. It is found when it is first asked for, which takes
// longer than an exchange; in a run for the first of those that are alike.
func (u *Unread) Field() string { return u.field() }

// unread is why the answer to the latest request cannot be read.
func (p *Player) unread(err error) *Unread {
	u := &Unread{err: err, field: func() string { return "" }}
	if came, is := errors.AsType[*line.Unread](err); is {
		d, shard, request := p.T.Profile.Dialect, p.Shard, p.req.Clone()
		u.field = sync.OnceValue(func() string { return breaks(d, shard, request, came.Octets) })
	}
	return u
}

// breaks says what would make octets the answer to a request. In a run it is looked for in
// the first of those that are alike: as long, of fields as the request has them or not, and
// not to be read for the same reason.
func breaks(d *dialect.Dialect, shard *report.Shard, request *wire.Message, octets []byte) string {
	if shard == nil {
		return d.Breaks(request, octets)
	}
	m := d.Acquire()
	defer m.Release()
	err := m.Read(octets)
	kind := fmt.Sprintf("%s, %d octets, %x: %v", request.MTI(), len(octets), m.Differing(request, d.Echoed()), err)
	return shard.Explained(kind, func() string { return d.Breaks(request, octets) })
}
