package profile

import (
	"regexp"
	"slices"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/strict"
)

// Policy is what sources disagree on or networks set (docs/profile.md).
type Policy struct {
	Timeout          time.Duration // response timeout
	ReversalTries    int           // sendings of one reversal before it is given up
	ReversalReason   string        // field 39 of a reversal after no answer: 98 or 06
	ReversalAccepts  []string      // answers that end a reversal
	ReversalOriginal bool          // field 61 on the reversal of a plain purchase too
	KeepOnMismatch   bool          // an answer that fails the echo checks leaves the reversal owed
	AbortOnReversal  bool          // a reversal out of tries also aborts the payment that waited for it
	DefectiveIsGood  bool          // A2, A4, A5, A6 count as approved
	MACOnDecline     dialect.DeclineMAC
	Supervisor       bool  // void and refund ask for the supervisor's password
	AutoSignOff      bool  // sign off after settlement
	JournalLimit     int   // payments in a batch before the terminal must settle
	RefundLimit      int64 // largest refund in fen
	EncryptTracks    bool  // encipher tracks when the sign-in gave a track key
}

// defaultPolicy are the defaults of policy: where sources disagree, what most do.
func defaultPolicy() Policy {
	return Policy{
		Timeout: 60 * time.Second, ReversalTries: 3, ReversalReason: "98", ReversalAccepts: []string{"00", "12", "25"},
		KeepOnMismatch: true, AbortOnReversal: true, DefectiveIsGood: true, Supervisor: true,
		JournalLimit: 500, RefundLimit: 10_000_00, EncryptTracks: true,
	}
}

// policy reads the terminals' policy over its defaults.
func (r reader) policy(v strict.Value, p *Policy) {
	r.Map(v, strict.Table{
		"timeout":           r.Duration(&p.Timeout, time.Millisecond, 10*time.Minute),
		"reversal-tries":    strict.Int(r.Reader, &p.ReversalTries, 1, 99),
		"reversal-reason":   r.Match(&p.ReversalReason, regexp.MustCompile(`^(98|06)$`), "98 or 06"),
		"reversal-original": r.Bool(&p.ReversalOriginal),
		"reversal-accepts": func(v strict.Value) {
			p.ReversalAccepts = nil
			r.List(v, func(v strict.Value) {
				var code string
				r.Match(&code, answerShape, "a response code of two digits or capitals")(v)
				p.ReversalAccepts = append(p.ReversalAccepts, code)
			})
			if v.IsList() && !slices.Contains(p.ReversalAccepts, "00") {
				r.Fail(v, "00 is missing, the answer that says the reversal was done; add it")
			}
		},
		"keep-on-mismatch":  r.Bool(&p.KeepOnMismatch),
		"abort-on-reversal": r.Bool(&p.AbortOnReversal),
		"defective-is-good": r.Bool(&p.DefectiveIsGood),
		"supervisor":        r.Bool(&p.Supervisor),
		"auto-sign-off":     r.Bool(&p.AutoSignOff),
		"journal-limit":     strict.Int(r.Reader, &p.JournalLimit, 0, 1_000_000),
		"refund-limit":      r.amount(&p.RefundLimit),
		"encrypt-tracks":    r.Bool(&p.EncryptTracks),
		"mac-on-decline":    r.declineMAC(&p.MACOnDecline),
	})
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
