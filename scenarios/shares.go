package scenarios

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Shares are the parts of a mix as people write them: all in percent, which must
// add up to 100, or all as weights, which need not.
type Shares struct {
	percents, weights int
	sum               float64
}

const mostShare = 1_000_000_000

// Add reads one.
func (s *Shares) Add(text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(v > 0) || v > mostShare {
		return 0, fmt.Errorf("share %q: want a number above 0, such as 70 or 70 %%, up to %d", text, mostShare)
	}
	if s.sum += v; percent {
		s.percents++
	} else {
		s.weights++
	}
	return v, nil
}

// Check reports what is wrong with all of them together.
func (s *Shares) Check() error {
	switch {
	case s.percents > 0 && s.weights > 0:
		return fmt.Errorf("%d shares are in percent and %d are not: write all in one way", s.percents, s.weights)
	case s.percents > 0 && math.Abs(s.sum-100) > 0.100001: // 33.3 % thrice
		return fmt.Errorf("the shares add up to %s %%: make them 100, or write weights without %%", strconv.FormatFloat(math.Round(s.sum*1000)/1000, 'f', -1, 64))
	}
	return nil
}
