package merchant

import (
	"cmp"
	"sync"
	"time"
)

// Event is a line of the audit log.
type Event struct {
	When    time.Time `json:"when"`
	What    string    `json:"what"`
	Alert   bool      `json:"alert,omitempty"` // somebody should look at it
	MID     string    `json:"mid,omitempty"`
	TID     string    `json:"tid,omitempty"`
	Subject string    `json:"subject,omitempty"` // an application's number
	English string    `json:"english"`
	Chinese string    `json:"chinese"`
}

// log is the audit log. Its lock is taken last, so whoever holds another one may write.
type log struct {
	mu      sync.Mutex
	events  []Event
	dropped int     // events no longer kept
	kept    bool    // see Register.Keep
	untaken []Event // since the last Register.TakeChanges
}

// note writes a line.
func (r *Register) note(e Event) {
	e.When = r.now()
	l := &r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept {
		l.untaken = append(l.untaken, e)
	}
	l.add(e)
}

// add adds a line; mu is held.
func (l *log) add(e Event) {
	if len(l.events) == keepsEvents {
		n := copy(l.events, l.events[keepsEvents/10:])
		l.events = l.events[:n]
		l.dropped += keepsEvents / 10
	}
	l.events = append(l.events, e)
}

// Alert writes an alert.
func (r *Register) Alert(e Event) {
	e.Alert = true
	r.note(e)
}

// Events are the lines about a merchant, terminal or application (each may be empty for
// any), oldest first, and how many are no longer kept.
func (r *Register) Events(mid, tid, subject string, alerts bool) (all []Event, dropped int) {
	l := &r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	all = []Event{}
	for _, e := range l.events {
		if (mid == "" || e.MID == mid) && (tid == "" || e.TID == tid) && (subject == "" || e.Subject == subject) && (e.Alert || !alerts) {
			all = append(all, e)
		}
	}
	return all, l.dropped
}

func compare[T cmp.Ordered](a, b T) int { return cmp.Compare(a, b) }
