package host

import (
	"sync/atomic"
	"time"
)

// clock is the host's calendar. It works a second's date and time out once.
type clock struct {
	now  func() time.Time
	last atomic.Pointer[stamp]
}

// stamp is one second in the host's time zone, as answers carry it.
type stamp struct {
	unix int64
	mmdd uint32
	yymm uint32
	text [12]byte // YYMMDDhhmmss
}

// date is the day, MMDD, and time the time of day, hhmmss.
func (s *stamp) date() []byte { return s.text[2:6] }
func (s *stamp) time() []byte { return s.text[6:] }

// stamp is the second now.
func (c *clock) stamp(unix int64) *stamp {
	if s := c.last.Load(); s != nil && s.unix == unix {
		return s
	}
	s := stampOf(unix)
	c.last.Store(s)
	return s
}

func stampOf(unix int64) *stamp {
	t := time.Unix(unix, 0)
	year, month, day := t.Date()
	s := &stamp{
		unix: unix,
		mmdd: uint32(int(month)*100 + day),
		yymm: uint32(year%100*100 + int(month)),
	}
	t.AppendFormat(s.text[:0], "060102150405")
	return s
}
