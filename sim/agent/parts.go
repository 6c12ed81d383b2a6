package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Part is one share as the controller knows it.
type Part struct {
	Status
	Lost time.Time // when its agent was held to be lost; zero when it was not, or was heard of since

	unanswered int       // how often it has been asked in vain whether it is there
	offered    time.Time // when another agent was wanted for it; zero for the first attempt
	Folder     string    // what its agent sends is there
}

// expired takes NATS' word that the lease of a share has run out. A controller that has just
// attached looks after the agent instead: nobody could hear it while the run had no server,
// and one that was killed knows of no lease that was held since its disk did.
func (r *Controller) expired(m jetstream.Msg) {
	var advice struct {
		Sequence uint64 `json:"stream_seq"`
	}
	defer func() { _ = m.Ack() }()
	if json.Unmarshal(m.Data(), &advice) != nil {
		return
	}
	r.change(func() {
		s, known := r.seqs[advice.Sequence]
		if !known || time.Since(r.began) < Returning {
			return
		}
		if p := &r.all[s.Index]; p.Attempt <= s.Attempt && p.State != Ended && p.State != Failed {
			p.Lost = time.Now()
		}
	})
}

// said takes what an agent says of itself.
func (r *Controller) said(e jetstream.KeyValueEntry) {
	var s Status
	if r.conn.value(e, &s) != nil || s.Index < 0 || s.Index >= r.of || statusKey(s.Share) != e.Key() {
		return
	}
	r.change(func() {
		if s.Before(r.all[s.Index].Status) {
			return // it is late
		}
		if i := slices.IndexFunc(r.lost, func(p Part) bool { return p.Index == s.Index && p.Attempt == s.Attempt }); i >= 0 {
			if r.lost[i].Status = s; s.State == Ended {
				r.lost[i].Lost = time.Time{} // what it did is known, though another one has its share
			}
		} else if p := &r.all[s.Index]; s.Attempt >= p.Attempt {
			if p.Attempt > 0 && s.Attempt > p.Attempt { // as an attached controller learns
				r.lost = append(r.lost, *p)
				*p = Part{}
			}
			p.Status, p.Folder = s, r.folder(s.Share)
			if s.State == Ended {
				p.Lost = time.Time{} // it was only not heard of
			}
		}
	})
}

// change changes what is known, and wakes whoever waits for that.
func (r *Controller) change(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
	close(r.news)
	r.news = make(chan struct{})
}

// Parts are all shares as they stand, attempts that have been taken over before the ones
// that did. One that nobody has taken has no state.
func (r *Controller) Parts() []Part {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.parts()
}

// parts is Parts. The lock is held.
func (r *Controller) parts() []Part {
	all := slices.Concat(r.lost, r.all)
	slices.SortStableFunc(all, func(a, b Part) int { return cmp.Or(a.Index-b.Index, a.Attempt-b.Attempt) })
	return all
}

// Retake has the share of an agent that was lost be for another one, as a new attempt: from
// now on Await waits for one, and offer tells those that wait for a share.
func (r *Controller) Retake(p Part) (offer func(context.Context) error) {
	s := p.Share
	s.Attempt++
	r.change(func() {
		r.lost = append(r.lost, r.all[s.Index])
		r.all[s.Index] = Part{Status: Status{Share: s}, Folder: r.folder(s), offered: time.Now()}
	})
	return func(ctx context.Context) error {
		err := r.tell(ctx, func(o *Order) error {
			o.Newest = maps.Clone(o.Newest)
			if o.Newest == nil {
				o.Newest = map[int]int{}
			}
			o.Newest[s.Index] = s.Attempt
			return nil
		})
		return errors.Join(err, r.lease(ctx, s))
	}
}

// Await waits until all parts have come to a state, or nothing more comes of them; until
// they are ready, as all have to be, one of which nothing comes is enough. told is told the
// parts whenever something has changed.
func (r *Controller) Await(ctx context.Context, s State, told func([]Part)) error {
	looking, done := context.WithCancel(ctx)
	defer done()
	go r.look(looking)
	for {
		r.mu.Lock()
		parts, news, err, there, vain := r.parts(), r.news, r.err, true, false
		for i := range r.all {
			there = there && r.reached(&r.all[i], s)
			vain = vain || s == Ready && r.all[i].gone()
		}
		r.mu.Unlock()
		if told != nil {
			told(parts)
		}
		select {
		case <-news: // who was told may have had a share be for another agent
			continue
		default:
		}
		switch {
		case err != nil:
			return err
		case there, vain:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-news:
		}
	}
}

// look looks after agents each second, however much the others have to say.
func (r *Controller) look(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		r.ask(ctx)
		r.lookAfter(ctx)
		r.overdue(r.conn.nc.IsConnected())
	}
}

// ask reads what agents say of themselves. It is told as it comes, but whoever tells it
// may take ten seconds to find another node of a cluster.
func (r *Controller) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, p := range r.Parts() {
		p.Attempt = max(1, p.Attempt)
		if e, err := r.kv.Get(ctx, statusKey(p.Share)); err == nil {
			r.said(e)
		}
	}
}

// reached reports whether a part has come to a state, or never will. The lock is held.
func (r *Controller) reached(p *Part, s State) bool {
	switch {
	case p.gone():
		return true
	case !p.Lost.IsZero() && s == Ready: // a run begins with who is there: it may only have been late
		return false
	case p.Attempt > 1 && p.State == "": // nobody may take it
		return r.order.Stop != "" || time.Since(p.offered) > Returning
	}
	return slices.Index(states, p.State) >= slices.Index(states, s) && (s != Ended || p.missing() == nil)
}

// gone reports whether nothing more comes of a part.
func (p *Part) gone() bool {
	return p.State == Failed || !p.Lost.IsZero() && time.Since(p.Lost) > Returning
}

// Returning is how long an agent that was lost may take to be heard of again, or another one
// to take its share: it may have had to look for another node of the cluster, or for a
// controller that began anew.
const Returning = 5 * time.Second

// lookAfter asks agents whether they are there: what is lost is told then from what was
// only late. Servers before NATS 2.10 say that a lease has run out only when somebody else
// asks for it: there whoever does not answer twice is lost.
func (r *Controller) lookAfter(ctx context.Context) {
	there := map[string]bool{}
	for _, m := range r.conn.members(ctx, time.Second) {
		there[m.name] = true
	}
	if ctx.Err() != nil {
		return // not all had the time to answer
	}
	r.change(func() {
		for i := range r.all {
			switch p := &r.all[i]; {
			case p.State == "" || p.State == Ended || p.State == Failed:
			case !there[p.Agent]:
				if p.unanswered++; p.unanswered >= 2 && p.Lost.IsZero() {
					p.Lost = time.Now()
				}
			case !p.Exclusive: // else another one may have its share
				p.Lost, p.unanswered = time.Time{}, 0
			default:
				p.unanswered = 0
			}
		}
	})
}
