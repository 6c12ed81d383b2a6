package report

import "time"

// Downsample gathers the seconds of a long run into at most that many equal spans, so
// that they can be drawn, and says how long a span is; a run that is short
// enough comes back as it is, with a span of one second.
//
// In a span the counts and lengths are sums, and each latency is that of the span's worst
// second: percentiles of seconds cannot be averaged, and the worst is what a
// reader looks for. The level is the worst one too, the signals are those of the
// first second.
func Downsample(seconds []Second, most int) ([]Second, time.Duration) {
	span := time.Second
	if len(seconds) == 0 || most < 1 {
		return seconds, span
	}
	lasted := seconds[len(seconds)-1].At + time.Second
	for _, s := range []int{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600} {
		if span = time.Duration(s) * time.Second; lasted <= span*time.Duration(most) {
			break
		}
	}
	if lasted > span*time.Duration(most) { // longer than most hours
		span = (lasted/time.Duration(most) + time.Hour).Truncate(time.Hour)
	}
	if span == time.Second {
		return seconds, span
	}
	var thin []Second
	for _, s := range seconds {
		at := s.At.Truncate(span)
		if k := len(thin) - 1; k >= 0 && thin[k].At == at {
			thin[k].add(s)
			continue
		}
		s.At = at
		thin = append(thin, s)
	}
	return thin, span
}

// add takes a later second of the same span into s.
func (s *Second) add(o Second) {
	s.Warmup = s.Warmup && o.Warmup
	s.Length += o.Length
	s.Planned += o.Planned
	s.Played += o.Played
	s.Stuck += o.Stuck
	for i, k := range o.Counts {
		s.Counts[i] += k
	}
	s.Response = s.Response.worst(o.Response)
	s.Service = s.Service.worst(o.Service)
	s.LagP50 = max(s.LagP50, o.LagP50)
	s.LagP99 = max(s.LagP99, o.LagP99)
	if o.Level > s.Level {
		s.Level, s.Reason = o.Level, o.Reason
	}
}

func (q Quantiles) worst(o Quantiles) Quantiles {
	return Quantiles{q.N + o.N, max(q.P50, o.P50), max(q.P90, o.P90), max(q.P99, o.P99), max(q.P999, o.P999), max(q.Max, o.Max)}
}
