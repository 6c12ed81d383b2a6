package staff

// ReportLoss is a merchant saying that a terminal is gone, or that its password is
// known to others. The customer number is enough to stop it: nothing of it works from
// then on but giving back what it took, and resets already granted are void. A reset
// at a branch, brought back by the terminal, ends that.
func (d *Desk) ReportLoss(number, tid string) error {
	if !short(number, tid) {
		return ErrShape
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	line := Line{Channel: Hotline, Customer: number, TID: tid, What: "loss"}
	a, err := d.account(tid)
	if err == nil && !d.Lax.Load() && (a.customer == nil || a.customer.number != number) {
		err = errCustomer
	}
	if d.log(line, err); err != nil {
		return ErrProof
	}
	a.lost = true
	d.touch(a, nil)
	for operator, r := range a.byOp {
		delete(d.resets, r.id)
		delete(a.byOp, operator)
	}
	d.watch(a)
	if c := a.customer; c != nil {
		d.send(c.phone, "终端"+a.tid+"已挂失停用")
	}
	return nil
}

// WantSignIn has the host tell a terminal, with its next answers, to sign in.
func (d *Desk) WantSignIn(tid string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, err := d.account(tid)
	if d.log(Line{Channel: Branch, TID: tid, What: "sign-in"}, err); err != nil {
		return err
	}
	a.signIn = true
	d.touch(a, nil)
	d.watch(a)
	return nil
}

// Clear forgets everything about a terminal: that it is lost, its resets, how many
// there were today, and the last message to the merchant's phone. Merchants cannot ask for that.
func (d *Desk) Clear(tid string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, err := d.account(tid)
	if err != nil {
		return err
	}
	for _, r := range a.byOp {
		delete(d.resets, r.id)
	}
	d.touch(a, a.customer)
	if a.customer != nil {
		a.customer.wrong = 0
		delete(d.sms, a.customer.phone)
	}
	*a = account{n: a.n, tid: a.tid, mid: a.mid, customer: a.customer, dead: map[string]bool{}, byOp: map[string]*reset{}}
	d.watch(a)
	return nil
}
