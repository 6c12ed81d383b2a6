package merchant

import (
	"time"

	"github.com/posfleet/posfleet/sim/fee"
)

// mostAhead is how far ahead of the host's clock anything can be done: a clock put, an
// inspection made, a payout.
const mostAhead = 10 * 366 * 24 * time.Hour

// Near refuses a moment that is too far ahead of the host's clock; field is what gave it.
func (r *Register) Near(field string, at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.near(field, at)
}

func (r *Register) near(field string, at time.Time) error {
	if now := r.now(); at.Sub(now) > mostAhead {
		last := now.Add(mostAhead).In(fee.China).Format(time.DateOnly)
		return fault(Malformed, "%s: at most 10 years ahead of the host's clock; want %s or before", "%s：最多比主机时钟晚10年，应不晚于%s", field, last)
	}
	return nil
}

// Now is the time by the clock of an application, or of a merchant when that is empty: the
// host's, unless [Register.PutClock] has put it ahead; the host's own when both are empty.
func (r *Register) Now(mid, application string) (time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if mid == "" && application == "" {
		return now, nil
	}
	ahead, err := r.clock(mid, application)
	if err != nil {
		return time.Time{}, err
	}
	return now.Add(*ahead), nil
}

// PutClock puts the clock of an application or merchant on: it says now, and goes on from
// there. Papers and approvals lapse by it, business days and value dates go by it, and a
// merchant has the clock of its application. Messages, orders and payment codes keep to the
// host's. A clock is never put back: days that are over stay over.
func (r *Register) PutClock(mid, application string, now time.Time) (time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if (mid == "") == (application == "") {
		return time.Time{}, fault(Malformed, "want either mid or application: each has a clock of its own", "mid与application须二选一：时钟按商户或进件设置")
	}
	ahead, err := r.clock(mid, application)
	if err != nil {
		return time.Time{}, err
	}
	by := now.Truncate(time.Second).Sub(r.now().Truncate(time.Second)) // payments are known to the second
	switch {
	case by < *ahead:
		return time.Time{}, fault(WrongState, "a clock is put on, not back: it says %s", "时钟只能拨快：当前为%s", r.now().Add(*ahead).In(fee.China).Format(time.RFC3339))
	}
	if err := r.near("now", now); err != nil {
		return time.Time{}, err
	}
	r.touch(r.applications[application], r.merchants[mid], nil)
	if *ahead = by; application == "" {
		r.books.PutAhead(mid, by)
	}
	return r.now().Add(by), nil
}

// clock is how far the clock of an application or merchant is ahead; mu is held.
func (r *Register) clock(mid, application string) (*time.Duration, error) {
	if application != "" {
		a, err := r.application(application)
		if err != nil {
			return nil, err
		}
		return &a.ahead, nil
	}
	m, err := r.merchant(mid)
	if err != nil {
		return nil, err
	}
	return &m.ahead, nil
}
