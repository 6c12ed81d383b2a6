package sim

import (
	"fmt"
	"math"
)

// Mix says which plan arrival n plays. It depends on n and the seed alone.
type Mix struct {
	Seed  uint64
	Plans []*Plan
	upTo  []uint64 // cumulative shares, scaled to 2^64
}

// NewMix makes a mix; shares need not add up to 1.
func NewMix(seed uint64, plans []*Plan, shares []float64) (*Mix, error) {
	if len(plans) == 0 || len(plans) != len(shares) {
		return nil, fmt.Errorf("mix: %d plans with %d shares", len(plans), len(shares))
	}
	sum := 0.0
	for i, s := range shares {
		if s <= 0 || math.IsInf(s, 0) || math.IsNaN(s) {
			return nil, fmt.Errorf("mix: share of %s is %v, want a number above 0", plans[i].ID, s)
		}
		sum += s
	}
	m := &Mix{Seed: seed, Plans: plans}
	at := 0.0
	for _, s := range shares {
		at += s
		m.upTo = append(m.upTo, uint64(math.Min(at/sum, 1)*(1<<63))*2)
	}
	m.upTo[len(m.upTo)-1] = math.MaxUint64
	return m, nil
}

// Plan is the plan of arrival n.
func (m *Mix) Plan(n int) *Plan {
	h := Hash(m.Seed, uint64(n))
	for i, top := range m.upTo {
		if h <= top {
			return m.Plans[i]
		}
	}
	return m.Plans[len(m.Plans)-1]
}

// Hash spreads (seed, n) over 64 bits: splitmix64's finaliser.
func Hash(seed, n uint64) uint64 {
	z := seed + (n+1)*0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
