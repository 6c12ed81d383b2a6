package sim

import (
	"errors"
	"fmt"
	"sync"

	"github.com/posfleet/posfleet/sim/line"
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
		d, request := p.T.Profile.Dialect, p.req.Clone()
		breaks := func() string { return d.Breaks(request, came.Octets) }
		u.field = sync.OnceValue(breaks)
		if shard := p.Shard; shard != nil {
			kind := fmt.Sprintf("%s, %d octets: %v", request.MTI(), len(came.Octets), err)
			u.field = func() string { return shard.Explained(kind, breaks) }
		}
	}
	return u
}
