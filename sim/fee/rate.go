package fee

import (
	"fmt"
	"math/bits"
	"strings"
)

// Rate is a share of an amount in parts of 10^10. Files give rates in percent with
// up to four decimals (parts per million) and multipliers with up to four: the
// product of both is exact.
type Rate int64

// Whole is 100 %.
const Whole Rate = 1e10

// multiplied is the rate times a multiplier in parts of tenThousand.
func (r Rate) multiplied(by int64) Rate { return r * Rate(by) / tenThousand }

const tenThousand = 10_000

// String gives the rate in percent, as files do: "0.38%".
func (r Rate) String() string {
	s := fmt.Sprintf("%d.%08d", r/1e8, r%1e8)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") + "%"
}

// Rounding is how a fee becomes whole fen.
type Rounding uint8

const (
	HalfUp   Rounding = iota // half a fen counts as one: 四舍五入
	HalfEven                 // half a fen goes to the even neighbour
)

var roundings = []string{HalfUp: "half-up", HalfEven: "half-even"}

func (r Rounding) String() string { return roundings[r] }

// share is rate of amount, and fixed more, rounded once. amount and fixed are not
// negative.
func (r Rounding) share(rate Rate, amount, fixed int64) int64 {
	hi, lo := bits.Mul64(uint64(amount), uint64(rate))
	more, rest := bits.Mul64(uint64(fixed), uint64(Whole))
	lo, carry := bits.Add64(lo, rest, 0)
	hi, _ = bits.Add64(hi, more, carry)
	return r.divide(hi, lo, uint64(Whole))
}

// part is amount·of/whole, rounded; of is at most whole.
func (r Rounding) part(amount, of, whole int64) int64 {
	hi, lo := bits.Mul64(uint64(amount), uint64(of))
	return r.divide(hi, lo, uint64(whole))
}

// divide divides 128 bits; the quotient fits into 63.
func (r Rounding) divide(hi, lo, by uint64) int64 {
	q, rest := bits.Div64(hi, lo, by)
	if up := by - rest; rest > up || rest == up && (r == HalfUp || q&1 == 1) {
		q++
	}
	return int64(q)
}
