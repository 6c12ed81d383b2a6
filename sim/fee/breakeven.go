package fee

import "slices"

// MaxTurnover is up to which turnover of a month plans are compared, in fen: 10 billion
// yuan.
const MaxTurnover = MaxAmount

// Stretch is a range of turnovers in which the same plans cost least.
type Stretch struct {
	From     int64 // fen a month; the first stretch begins at 0, each ends where the next begins
	Cheapest []int // places in Costs, one unless several cost the same
}

// BreakEven is where of two plans the cheaper one changes.
type BreakEven struct {
	Plans     [2]int // places in Costs
	Stretches []Stretch
}

// BreakEvens compares each plan with each other one as turnover grows by more sales of
// the same mix. It is exact to the fen of turnover: costs are compared as whole numbers,
// not as rounded months.
func (c *Comparison) BreakEvens() []BreakEven {
	var all []BreakEven
	for i := range c.Costs {
		for j := i + 1; j < len(c.Costs); j++ {
			all = append(all, BreakEven{[2]int{i, j}, c.stretches(c.changes(i, j), i, j)})
		}
	}
	return all
}

// Cheapest is which of all plans costs least at which turnover.
func (c *Comparison) Cheapest() []Stretch {
	points := []int64{0}
	plans := make([]int, len(c.Costs))
	for i := range c.Costs {
		plans[i] = i
		for j := i + 1; j < len(c.Costs); j++ {
			points = append(points, c.changes(i, j)...)
		}
	}
	slices.Sort(points)
	return c.stretches(slices.Compact(points), plans...)
}

// stretches joins points after which the cheapest of some plans stay the same.
func (c *Comparison) stretches(points []int64, plans ...int) []Stretch {
	var all []Stretch
	for _, p := range points {
		s := Stretch{From: p}
		for _, i := range plans {
			switch {
			case len(s.Cheapest) == 0:
				s.Cheapest = []int{i}
			case c.order(i, s.Cheapest[0], p) < 0:
				s.Cheapest = []int{i}
			case c.order(i, s.Cheapest[0], p) == 0:
				s.Cheapest = append(s.Cheapest, i)
			}
		}
		if n := len(all); n == 0 || !slices.Equal(all[n-1].Cheapest, s.Cheapest) {
			all = append(all, s)
		}
	}
	return all
}

// order is below 0 when plan i costs less than j at a turnover, 0 for the same.
func (c *Comparison) order(i, j int, turnover int64) int {
	return c.at(i, turnover).Cmp(c.at(j, turnover))
}

// changes is 0 and the turnovers from which on the order of two plans is another than
// before, rising. Between the turnovers at which deposits come back the difference of
// two plans is a straight line, so it is searched by halves.
func (c *Comparison) changes(i, j int) []int64 {
	bends := []int64{0, c.Costs[i].Plan.Deposit.Needs(), c.Costs[j].Plan.Deposit.Needs(), MaxTurnover + 1}
	slices.Sort(bends)
	bends = slices.Compact(bends)
	points := []int64{0}
	for k := 0; k+1 < len(bends) && bends[k] <= MaxTurnover; k++ {
		from, end := bends[k], min(bends[k+1], MaxTurnover+1)
		for from < end {
			points = append(points, from)
			now := c.order(i, j, from)
			for high := end; from < high; { // the first of from to end with another order
				if middle := from + (high-from)/2; c.order(i, j, middle) == now {
					from = middle + 1
				} else {
					high = middle
				}
			}
		}
	}
	return slices.Compact(points)
}
