package scenarios

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/fee"
)

// clockOf is what a clock of the host's says.
type clockOf struct{ Now time.Time }

// now is the time by the clock of the scenario's application or merchant, as far as the
// scenario has put it on.
func (s *shop) now() time.Time { return time.Now().Add(s.ahead).In(fee.China) }

// day is the day so many months and days from then.
func (s *shop) day(months, days int) string {
	return s.now().AddDate(0, months, days).Format(time.DateOnly)
}

// putClock puts the clock of the scenario's merchant on, before there is one that of its
// application, to the time that it is to say instead of now.
func (s *shop) putClock(to func(now time.Time) time.Time) error {
	var of = map[string]any{"mid": s.mid}
	q := url.Values{"mid": {s.mid}}
	switch {
	case s.mid == "" && s.number == "":
		return errors.New("the scenario has neither a merchant nor an application of its own, whose clock could be put on")
	case s.mid == "":
		of, q = map[string]any{"application": s.number}, url.Values{"application": {s.number}}
	}
	var c clockOf
	if err := s.get("/v1/clock?"+q.Encode(), &c); err != nil {
		return clockless(err)
	}
	of["now"] = to(c.Now.In(fee.China)).Format(time.RFC3339)
	if err := s.admin.Do("POST", "/v1/clock", of, &c); err != nil {
		return clockless(err)
	}
	s.ahead = time.Until(c.Now)
	return nil
}

// clockless leaves a step untested at a host that has no clock to be put on.
func clockless(err error) error {
	if why, is := errors.AsType[*AdminError](err); is && (why.Status == http.StatusNotFound || why.Status == http.StatusMethodNotAllowed) {
		return fmt.Errorf("%w: the host has no clock that can be put on (/v1/clock of docs/admin.md): %w", sim.ErrUntested, err)
	}
	return err
}

// counted finds the business day (as 2026-11-26) for which the last payment counts: of the
// days around now the one whose statement has it.
func (s *shop) counted(p *sim.Player) (string, error) {
	if s.mid == "" {
		return "", errors.New("the scenario has no merchant of its own: others may pay at this one")
	}
	var c clockOf
	if err := s.get("/v1/clock?"+url.Values{"mid": {s.mid}}.Encode(), &c); err != nil {
		return "", clockless(err)
	}
	s.ahead = time.Until(c.Now)
	on, latest := "", time.Time{}
	for days := -1; days <= 2; days++ {
		var st struct {
			Postings []struct {
				When time.Time
				lineOf
			}
		}
		day := s.day(0, days)
		err := s.get("/v1/merchants/"+s.mid+"/statements/"+day+"?postings=1", &st)
		if why, is := errors.AsType[*AdminError](err); is && why.Status == http.StatusNotFound {
			continue // nothing was posted on that day
		}
		if err != nil {
			return "", err
		}
		for _, l := range st.Postings {
			if l.What == "sale" && l.When.After(latest) {
				if on, latest = day, l.When; l.Amount != p.Last.Amount {
					on = ""
				}
			}
		}
	}
	if on == "" {
		return "", fmt.Errorf("no statement of the days around %s has the last payment, %s", s.day(0, 0), report.FormatYuan(p.Last.Amount))
	}
	return on, nil
}

// clockPhrases are about the time at the host, by which days end and papers lapse.
func clockPhrases() []*Phrase {
	const group = "The host's clock / 主机时钟"
	all := []*Phrase{
		{Group: group, English: "{n} days pass at the host", Chinese: "主机时钟拨快{n}天",
			Doc: "The host's clock is put on, for the scenario's merchant alone, before there is one for its application: papers and approvals lapse by it, business days and value dates go by it.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				days, err := a.Int(0)
				if days < 1 || days > 3650 {
					return nil, errors.New("want 1 to 3650 days: a clock is put on, not back")
				}
				return func(p *sim.Player) error {
					return shopOf(p, a).putClock(func(now time.Time) time.Time { return now.AddDate(0, 0, days) })
				}, err
			}},
		{Group: group, English: "it is {text} at the host", Chinese: "主机时钟拨到{text}",
			Doc: "The host's clock is put on to the next time of day (in China, \"22:59\"), for the scenario's merchant alone.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				at, err := time.Parse("15:04", a.Quoted(0))
				if err != nil {
					return nil, fmt.Errorf("%q: want a time of day as \"22:59\"", a.Quoted(0))
				}
				return func(p *sim.Player) error {
					return shopOf(p, a).putClock(func(now time.Time) time.Time {
						y, m, d := now.Date()
						to := time.Date(y, m, d, at.Hour(), at.Minute(), 0, 0, fee.China)
						if to.Before(now) {
							to = to.AddDate(0, 0, 1)
						}
						return to
					})
				}, nil
			}},
		{Group: group, English: "the last payment counts for {text}", Chinese: "最后一笔消费计入{text}", Asserts: true,
			Doc: "The business day whose statement has it, of a merchant of the scenario's own: \"the same day\" or \"the next day\" of the host's calendar (\"当日\", \"次日\").",
			Make: saysOfShop(func(p *sim.Player, s *shop, text string) error {
				days, known := map[string]int{"the same day": 0, "the next day": 1, "当日": 0, "次日": 1}[text]
				if !known {
					return fmt.Errorf("%q: want \"the same day\" or \"the next day\"", text)
				}
				got, err := s.counted(p)
				if want := s.day(0, days); err == nil && got != want {
					err = fmt.Errorf("it counts for %s; at %s at the host, want %s", got, s.now().Format(time.DateTime), want)
				}
				return err
			})},
	}
	for _, p := range all {
		p.Admin, p.CheckOnly = true, true
	}
	return all
}
