// Package fee is what taking cards costs a merchant, to the fen.
//
// A [Plan] is what a provider asks: device, deposit, maintenance, and a fee for each
// [Sale] by [Kind] of card, [Channel], amount and day. [Parse] reads a file of plans
// and compiles them; [Plan.Fee] is then a table look-up and one division, without
// allocation. [Plan.Kept] and [Plan.Returned] say what a refund gives back, [Payout]
// on which day of a [Calendar] the merchant has its money. [Splits] shares a fee out
// among issuer, network and acquirer as the merchant's [Class] has it. [Compare]
// plays a shop's own [Mix] of sales through several plans and finds where one becomes
// cheaper than another.
//
// Plans are data (plans.yaml), and so are the shares (splits.yaml), the holidays
// (calendar.yaml) and the example of a shop (shop.yaml); docs/fees.md explains their
// keys. All money is int64 in fen, all rates are whole numbers ([Rate]); there is no
// floating point here.
package fee

// Plan is what a provider asks of a merchant. Parse makes plans, and Flat; from then
// on a plan is read only, and any number of goroutines may share it. Amounts are fen.
type Plan struct {
	Name        string
	Price       int64 // of the device, once
	Rent        int64 // of the device, a month
	Deposit     Deposit
	Maintenance int64 // a month
	Data        int64 // a year of the SIM's traffic, charged for each year begun
	Payout      Payout
	Refund      Refund

	tariff tariff
}

// Deposit is money that the provider holds back at the start.
type Deposit struct {
	Amount    int64
	BackAfter int64 // comes back once so much was sold; 0 for when the device comes back
	Within    int   // in so many months, else never
}

// Refund is what becomes of a sale's fee when the sale is refunded.
type Refund uint8

const (
	KeepAll   Refund = iota // none: the fee stays with the provider
	Remaining               // what is left of the sale costs its own fee; the rest comes back
	ProRata                 // of the fee comes back what was refunded of the sale
)

var refunds = []string{KeepAll: "none", Remaining: "remaining", ProRata: "pro-rata"}

func (r Refund) String() string { return refunds[r] }

// Flat is a plan of one rate for all sales, up to a cap in fen (0 for none), rounded
// half up, of which a refund gives nothing back.
func Flat(name string, rate Rate, cap int64) *Plan {
	if cap == 0 {
		cap = unlimited
	}
	p := &Plan{Name: name, Payout: Payout{Cycle: T1}}
	for k := range kinds {
		for c := range channels {
			p.tariff.tiers[k][c] = []tier{{upTo: unlimited, rate: rate, cap: cap}}
		}
	}
	return p
}

// Rounding is how the plan's fees become whole fen.
func (p *Plan) Rounding() Rounding { return p.tariff.rounding }

// Fee is what a sale costs, in fen: its rate of the amount and the fixed part,
// rounded, and then not less than the floor nor more than the cap. A sale of nothing
// costs nothing. A fixed part or a floor may be more than a small sale.
func (p *Plan) Fee(s Sale) int64 { return p.tariff.cost(s) }

// Kept is how much of a sale's fee the provider still has once refunds have left so
// much of the sale, from 0 to its amount. It never grows as less is left, and
// whatever the refund rule, with all of the sale left it is Fee, so that refunds in
// any parts give back no more than the fee; but for the rule none, with nothing
// left it is nothing.
//
// By the rule remaining it is the fee of what is left: of a plan whose higher tier is
// cheaper, the least that any amount between what is left and the sale costs, for a
// refund must not cost the merchant more.
func (p *Plan) Kept(s Sale, left int64) int64 {
	whole := p.Fee(s)
	left = min(max(left, 0), s.Amount)
	switch {
	case p.Refund == KeepAll || left == s.Amount:
		return whole
	case p.Refund == ProRata:
		return whole - p.tariff.rounding.part(whole, s.Amount-left, s.Amount)
	}
	return min(whole, p.tariff.least(s, left))
}

// Returned is how much of a sale's fee comes back when part more of it is refunded,
// of which before so much was left. The sale is as it was when it was paid, its time
// too: promotions of that day hold.
func (p *Plan) Returned(s Sale, left, part int64) int64 {
	return p.Kept(s, left) - p.Kept(s, left-part)
}
