package profile

// inMinorUnits makes the amounts of a profile's cards and policy, which are read as
// hundredths, minor units of the network's currency. Fee plans are in fen.
func (p *Profile) inMinorUnits() {
	minor := p.Dialect.FromHundredths
	p.Policy.RefundLimit = minor(p.Policy.RefundLimit)
	for i := range p.Cards {
		c := &p.Cards[i]
		c.Balance, c.Limit = minor(c.Balance), minor(c.Limit)
	}
}
