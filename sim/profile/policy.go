package profile

import (
	"slices"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/operator"
	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// Policy is what sources disagree on or networks set (docs/profile.md).
type Policy struct {
	Timeout          time.Duration  // response timeout
	ReversalTries    int            // sendings of one reversal before it is given up
	ReversalReason   dialect.Code   // of a reversal after no answer
	ReversalAccepts  []dialect.Code // answers that end a reversal
	ReversalOriginal bool           // field 61 on the reversal of a plain purchase too
	KeepOnMismatch   bool           // an answer that fails the echo checks leaves the reversal owed
	AbortOnReversal  bool           // a reversal out of tries also aborts the payment that waited for it
	DefectiveIsGood  bool           // codes of class defective count as approved
	MACOnDecline     dialect.DeclineMAC
	Supervisor       bool          // void and refund ask for the supervisor's password
	AutoSignOff      bool          // sign off after settlement
	JournalLimit     int           // payments in a batch before the terminal must settle
	RefundLimit      int64         // largest refund in fen
	TapPINAbove      int64         // a tapped payment of more fen than this asks for the PIN; 0 for never
	OfflineLimit     int64         // largest tapped payment in fen that a chip may approve by itself; 0 for none
	PayerQuery       time.Duration // between queries of an order whose customer is to enter a password
	PayerWait        time.Duration // for the customer; then the payment is given up
	OrderPaid        string        // what terminals show when an order is paid; empty for what they show after any payment
	KeepOldKeys      bool          // working keys that do not check leave the old ones in the terminal, which is signed off either way
	EncryptTracks    bool          // encipher tracks when the sign-in gave a track key
	Signatures       Signatures
	PartialApproval  bool // terminals say in purchases that they take an approval of a part (CUP 60.6)
	DailySignIn      bool // sign in again on the first payment of a new day
	Passwords        operator.Policy
}

// defaultPolicy are the defaults of policy in a dialect: where sources disagree,
// what most do.
func defaultPolicy(d *dialect.Dialect) Policy {
	return Policy{
		Timeout: 60 * time.Second, ReversalTries: 3, ReversalReason: d.Reason(dialect.NoAnswer), ReversalAccepts: d.Accepts,
		KeepOnMismatch: true, AbortOnReversal: true, DefectiveIsGood: true, Supervisor: true,
		PayerQuery: 5 * time.Second, PayerWait: 30 * time.Second,
		JournalLimit: 500, RefundLimit: 10_000_00, TapPINAbove: 1000_00, KeepOldKeys: true, EncryptTracks: true, Passwords: operator.Defaults(), Signatures: defaultSignatures,
	}
}

// policy reads the terminals' policy over its defaults.
func (r reader) policy(v strict.Value, d *dialect.Dialect, p *Policy) {
	*p = defaultPolicy(d)
	if !v.Given() {
		return
	}
	found := r.Map(v, strict.Table{
		"timeout":           r.Duration(&p.Timeout, time.Millisecond, 10*time.Minute),
		"reversal-tries":    strict.Int(r.Reader, &p.ReversalTries, 1, 99),
		"reversal-reason":   r.reason(d, &p.ReversalReason),
		"reversal-original": r.Bool(&p.ReversalOriginal),
		"reversal-accepts": func(v strict.Value) {
			p.ReversalAccepts = nil
			r.List(v, func(v strict.Value) {
				var code dialect.Code
				r.code(d, &code)(v)
				p.ReversalAccepts = append(p.ReversalAccepts, code)
			})
			if done := d.Approves(dialect.Reversal); v.IsList() && !slices.Contains(p.ReversalAccepts, done) {
				r.Fail(v, "%s is missing, the answer that says the reversal was done; add it", done)
			}
		},
		"keep-on-mismatch":  r.Bool(&p.KeepOnMismatch),
		"abort-on-reversal": r.Bool(&p.AbortOnReversal),
		"defective-is-good": r.Bool(&p.DefectiveIsGood),
		"supervisor":        r.Bool(&p.Supervisor),
		"auto-sign-off":     r.Bool(&p.AutoSignOff),
		"journal-limit":     strict.Int(r.Reader, &p.JournalLimit, 0, 1_000_000),
		"refund-limit":      r.Yuan(&p.RefundLimit, maxAmount),
		"offline-limit":     r.Yuan(&p.OfflineLimit, maxAmount),
		"tap-pin-above":     r.Yuan(&p.TapPINAbove, maxAmount),
		"keep-old-keys":     r.Bool(&p.KeepOldKeys),
		"encrypt-tracks":    r.Bool(&p.EncryptTracks),
		"mac-on-decline":    r.declineMAC(&p.MACOnDecline),
		"signatures":        r.signatures(&p.Signatures),
		"partial-approval":  r.Bool(&p.PartialApproval),
		"daily-sign-in":     r.Bool(&p.DailySignIn),
		"passwords":         r.passwords(&p.Passwords),
		"order-paid":        r.Text(&p.OrderPaid),
		"payer-query":       r.Duration(&p.PayerQuery, time.Millisecond, time.Minute),
		"payer-wait":        r.Duration(&p.PayerWait, time.Millisecond, 10*time.Minute),
	})
	if p.PartialApproval && (!d.Has(wire.PartialApproval) || !d.HasCode(dialect.Partial)) {
		r.FailAt(found["partial-approval"], "policy.partial-approval", "dialect %s has no element partial-approval, or no code for partial; add them to the dialect, or leave the key away", d.Name)
	}
}

// code reads a response code, as wide as the dialect's are.
func (r reader) code(d *dialect.Dialect, to *dialect.Code) func(strict.Value) {
	return func(v strict.Value) {
		s, ok := r.Scalar(v)
		width := len(d.Code(dialect.Approved).String())
		if ok && (len(s) != width || !answerShape.MatchString(s)) {
			r.Fail(v, "%s, want a response code of %d digits or capitals", strict.Quote(s), width)
			return
		}
		*to = dialect.CodeOf(s)
	}
}

// reason reads one of the dialect's reasons for a reversal.
func (r reader) reason(d *dialect.Dialect, to *dialect.Code) func(strict.Value) {
	return func(v strict.Value) {
		s, ok := r.Scalar(v)
		if *to = dialect.CodeOf(s); ok && !slices.ContainsFunc(d.Reasons, func(w dialect.Reason) bool { return w.Code == *to }) {
			r.Fail(v, "%s, want one of the dialect's reasons: %s", strict.Quote(s), reasons(d))
		}
	}
}

func reasons(d *dialect.Dialect) string {
	var all []string
	for _, w := range d.Reasons {
		all = append(all, w.Code.String())
	}
	return strings.Join(all, ", ")
}

// declineMAC reads what the MAC of an answer that declines must be.
func (r reader) declineMAC(to *dialect.DeclineMAC) func(strict.Value) {
	return func(v strict.Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		var err error
		if *to, err = dialect.ParseDeclineMAC(s); err != nil {
			r.Fail(v, "%s, want required, if-present or ignored", strict.Quote(s))
		}
	}
}
