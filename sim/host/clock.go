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
	unix   int64
	hhmmss uint32
	mmdd   uint32
	yymm   uint32
}

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
	h, m, s := t.Clock()
	year, month, day := t.Date()
	return &stamp{
		unix:   unix,
		hhmmss: uint32(h*10000 + m*100 + s),
		mmdd:   uint32(int(month)*100 + day),
		yymm:   uint32(year%100*100 + int(month)),
	}
}
