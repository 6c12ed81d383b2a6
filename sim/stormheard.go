package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/wire"
)

// heard is what a terminal of a storm has heard, for what no rule sees in one answer.
type heard struct {
	exchanges []told                 // about an amount, all of them
	answers   map[wire.Key]reference // approvals of payments
	astray    []sent                 // whose answers, or second ones, may come to a later request
	unmet     int                    // reversals in a row that no fault struck and the host did not acknowledge
	failed    int32                  // reversals given up that were looked at
}

// sent is what was sent under a trace.
type sent struct {
	of    dialect.Transaction
	trace uint32
}

// astray are the faults after which an answer may come to a later request.
func astray(f line.Fault) bool {
	return f == line.LateAnswer || f == line.LateRequest || f == line.DoubleAnswer || f == line.DoubleRequest
}

// mistaken reports whether a refused answer may be an earlier request's, which nothing in it
// tells apart: an earlier try's of the same, which is under the keys of its own key serial
// number, or one without a trace. The request's own answer is then still to come.
func (s *Storm) mistaken(t *Terminal, answer *wire.Message, r *Result) bool {
	h := s.heard[t]
	derived, traced := t.Profile.Dialect.DUKPT != keys.NoDUKPT, answer == nil || answer.Has(wire.Trace)
	i := slices.IndexFunc(h.astray, func(x sent) bool {
		return !traced || derived && x == sent{r.Of, r.Trace}
	})
	if i < 0 {
		return false
	}
	h.astray[i] = sent{r.Of, r.Trace}
	return true
}

// reference is what an approval is known by.
type reference struct{ rrn, auth string }

func referenceOf(m *wire.Message) reference {
	return reference{m.Text(wire.RRN), m.Text(wire.AuthCode)}
}

// listen looks for answers of another terminal, for a second approval of one payment that
// is not the first one's, and for reversals that nobody acknowledges.
func (s *Storm) listen(t *Terminal, answer *wire.Message, r *Result, struck bool) {
	h := s.heard[t]
	switch {
	case r.Of == dialect.Reversal && r.Outcome == report.Approved:
		h.unmet = 0
	case r.Of == dialect.Reversal && !struck:
		h.unmet++
	case r.Approved() && r.Of.Payment():
		h.answers[answer.Key()] = referenceOf(answer)
	}
	if r.Stray == nil {
		return
	}
	m := t.Profile.Dialect.Acquire()
	defer m.Release()
	if m.Read(r.Stray.Octets) != nil || !m.IsAnswer() {
		return
	}
	if tid := m.Text(wire.TerminalID); tid != "" && tid != t.TID {
		s.broken(t, fmt.Errorf("%s %06d: it got an answer to terminal %s", r.Of, r.Trace, tid))
		return
	}
	first, known := h.answers[m.Key()]
	if code := dialect.CodeOf(m.Get(wire.ResponseCode)); known && t.Profile.Dialect.Class(code) != dialect.Declines && referenceOf(m) != first {
		s.broken(t, fmt.Errorf("trace %06d: it was approved twice, under reference %s, authorisation %q, and reference %s, authorisation %q",
			m.Uint(wire.Trace), first.rrn, first.auth, m.Text(wire.RRN), m.Text(wire.AuthCode)))
	}
}

// givenUp looks at reversals that a terminal has given up: where no fault struck some of
// its tries the host could have acknowledged them.
func (s *Storm) givenUp(t *Terminal) {
	h := s.heard[t]
	if t.Failed == h.failed {
		return
	}
	h.failed = t.Failed
	if h.unmet > 0 {
		s.broken(t, fmt.Errorf("a reversal was given up, and no fault struck %d of its tries", h.unmet))
		h.unmet = 0
	}
}

// told is an exchange of a payment or its reversal, as stories tell it.
type told struct {
	of      dialect.Transaction
	trace   uint32
	asked   int64
	outcome report.Outcome
	code    dialect.Code
	struck  bool
	by      line.Fault
	at      time.Duration
}

// string says what was sent, what the line did to it, and what was heard.
func (x told) string(decimals int) string {
	text := fmt.Sprintf("%s %06d of %s: ", x.of, x.trace, report.FormatAmount(x.asked, decimals))
	if x.struck {
		text += x.by.String() + ", "
	}
	text += x.outcome.String()
	if x.outcome == report.Declined {
		text += " with " + x.code.String()
	}
	return text
}

// Story tells the latest exchanges of a terminal that a fault struck, and how they
// ended, to follow a finding; empty when none did.
func (s *Storm) Story(tid string) string {
	var words []string
	for _, t := range s.fleet {
		for _, x := range s.heard[t].exchanges {
			if t.TID == tid && x.struck {
				words = append(words, x.string(t.Profile.Dialect.Exponent))
			}
		}
	}
	if len(words) == 0 {
		return ""
	}
	return "; struck before: " + strings.Join(words[max(0, len(words)-mostStory):], "; ")
}

// StoryOf tells each exchange of one payment and of its reversal: when it was sent since the
// storm began, what struck it, and what was heard.
func (s *Storm) StoryOf(tid string, trace uint32) (words []string) {
	for _, t := range s.fleet {
		for _, x := range s.heard[t].exchanges {
			if t.TID == tid && x.trace == trace {
				words = append(words, fmt.Sprintf("after %.3f s %s", x.at.Seconds(), x.string(t.Profile.Dialect.Exponent)))
			}
		}
	}
	return words
}
