package selftest

import (
	"math"
	"time"

	"github.com/posfleet/posfleet/sim"
)

// law tells the response time of a share q of all exchanges, 0 < q < 1, of a
// host whose behaviour is known.
type law func(q float64) time.Duration

// stallLaw is a host that holds all answers through the first part of every
// period and else takes service. Of evenly spaced arrivals the share
// f = hold/period waits, each for what is left of the hold:
// L(q) = service + hold·(1 - (1-q)/f) for 1-q < f (TestClosedForms).
func stallLaw(hold, period, service time.Duration) law {
	f := hold.Seconds() / period.Seconds()
	return func(q float64) time.Duration {
		return service + seconds(hold.Seconds()*max(0, 1-(1-q)/f))
	}
}

// queuedStallLaw is the same host met by so few terminals that all of them soon
// hang in the stall, while arrivals at this rate wait for one to come free. The
// first, one to a terminal, wait in the host, those due from w = terminals/rate
// on in the plan. When the stall is over, the pacer lets go at once what makes up
// its slack, and the rest at its own pace. The arrival due u into the stall takes
// L(u) = hold - u + max(0, (u-w)/catch-up - slack), and L(q) is that of
// u = (1-q)·period (TestClosedForms).
func queuedStallLaw(hold, period time.Duration, rate float64, terminals int) law {
	w := float64(terminals) / rate
	return func(q float64) time.Duration {
		u := (1 - q) * period.Seconds()
		held := max(0, (u-w)/sim.CatchUp-sim.Slack.Seconds())
		return seconds(max(0, hold.Seconds()-u+held))
	}
}

// uniformLaw is a delay drawn evenly between a and b.
func uniformLaw(a, b time.Duration) law {
	return func(q float64) time.Duration { return a + seconds(q*(b-a).Seconds()) }
}

// exponentialLaw is a delay drawn from the exponential distribution: L(q) =
// -mean·ln(1-q).
func exponentialLaw(mean time.Duration) law {
	return func(q float64) time.Duration { return seconds(-mean.Seconds() * math.Log(1-q)) }
}

// randomQueueLaw is one server with exponential service and Poisson arrivals,
// M/M/1: the time in the system is exponential with mean 1/(served-arriving).
func randomQueueLaw(served, arriving float64) law {
	return exponentialLaw(seconds(1 / (served - arriving)))
}

// evenQueueLaw is the same server under evenly spaced arrivals, D/M/1: the time
// in the system is exponential with mean 1/(served·(1-σ)), where σ is the root
// below 1 of σ = exp(-(1-σ)·served/arriving) (TestClosedForms).
func evenQueueLaw(served, arriving float64) law {
	sigma := 0.0
	for range 1000 { // the iteration contracts to the root from below
		sigma = math.Exp(-(1 - sigma) * served / arriving)
	}
	return exponentialLaw(seconds(1 / (served * (1 - sigma))))
}

// overloadLaw is a server that takes in less than what arrives for so long. The
// backlog grows in a straight line, so the response time of the arrival due at
// t is (offered-capacity)/capacity·t, and then its own service.
func overloadLaw(offered, capacity float64, length time.Duration) law {
	return func(q float64) time.Duration {
		return seconds((offered-capacity)/capacity*q*length.Seconds() + 1/capacity)
	}
}

// closedLaw is that server met by terminals that wait for their answer before
// they ask again: all of them stand in its queue, always, whatever is offered.
func closedLaw(terminals int, capacity float64) law {
	return func(float64) time.Duration { return seconds(float64(terminals) / capacity) }
}

// silenceLaw is a host that answers at once until it falls silent for the last
// part of the run. The exchanges of that part are as old as the run and its
// drain let them grow: lower bounds.
func silenceLaw(silent, length, drain time.Duration) law {
	f := silent.Seconds() / length.Seconds()
	return func(q float64) time.Duration {
		if 1-q >= f {
			return 0
		}
		return seconds(silent.Seconds()*(1-(1-q)/f)) + drain
	}
}

// tolerance is how far a figure may lie from the law: 8 ms for what a machine
// with other things to do adds, 2 %, or the half of the interval in which the
// quantile of n samples drawn by the law lies in 95 of 100 cases, whichever is
// most. The interval is that of the order statistics: q ± 1.96·√(q(1-q)/n).
func tolerance(l law, q float64, n int) time.Duration {
	d := 1.96 * math.Sqrt(q*(1-q)/float64(n))
	want := l(q)
	return max(8*time.Millisecond, want/50, l(min(q+d, 1-1/float64(n)))-want, want-l(max(q-d, 0)))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// arriving is how many arrivals of an evenly spaced plan fall due in a time.
func arriving(r sim.Rate, length time.Duration) int {
	return int(math.Ceil(r.PerSecond()*length.Seconds() - 1e-9))
}
