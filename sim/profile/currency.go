package profile

// inMinorUnits makes the amounts of a profile, which are read as hundredths, minor
// units of the network's currency.
func (p *Profile) inMinorUnits() {
	minor := p.Dialect.FromHundredths
	p.Policy.RefundLimit = minor(p.Policy.RefundLimit)
	for i := range p.Cards {
		c := &p.Cards[i]
		c.Balance, c.Limit = minor(c.Balance), minor(c.Limit)
	}
	for i := range p.Merchants {
		p.Merchants[i].Fee.Cap = minor(p.Merchants[i].Fee.Cap)
	}
}
