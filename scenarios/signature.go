package scenarios

import (
	"errors"
	"fmt"
	"sync"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/signature"
	"github.com/posfleet/posfleet/sim/signature/jbig"
	"github.com/posfleet/posfleet/sim/wire"
)

// handOf is how the profile's first operator signs, where terminals with a pad ask
// operators to.
func handOf(p *profile.Profile) (*profile.Hand, error) {
	switch o := p.Cashier(); {
	case !p.Policy.Signatures.SignIn:
		return nil, lack("operators do not sign in by signature (policy signatures, sign-in)")
	case o.Hand == nil:
		return nil, lack("no signature of operator %s is enrolled in the profile", o.Number)
	default:
		return o.Hand, nil
	}
}

// tellingTries is how many signatures are looked at to find one that tells: of 100
// genuine ones one is refused, and of shaky ones not each for its tremor.
const tellingTries = 50

// operatorSigns makes a Make for sentences in which somebody signs where the operator
// is to: a signature with which the comparison is known to end so.
func operatorSigns(write func(h *profile.Hand, n uint64) signature.Signature, ends signature.Reason) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		h, err := handOf(a.Profile)
		if err != nil {
			return nil, err
		}
		s, err := telling(h, write, ends)
		return func(p *sim.Player) error { return keepRefusal(p, p.Away(func() error { return p.T.SignOnPad(s) })) }, err
	}
}

// telling finds a signature with which the comparison ends as it should.
func telling(h *profile.Hand, write func(h *profile.Hand, n uint64) signature.Signature, ends signature.Reason) (signature.Signature, error) {
	for n := range uint64(tellingTries) {
		s := write(h, n)
		if s == nil {
			return nil, lack("the operator's signatures are those of a file, of which none is so (key signature of operators)")
		}
		if h.Writer().Verify(s).Reason == ends {
			return s, nil
		}
	}
	return nil, lack("of %d signatures of the operator none is so (key signature of operators)", tellingTries)
}

func genuine(h *profile.Hand, n uint64) signature.Signature { return h.Sign(signature.Genuine, n) }
func shaky(h *profile.Hand, n uint64) signature.Signature   { return h.Sign(signature.Shaky, n) }

// dot is a pad that is hardly touched.
func dot(*profile.Hand, uint64) signature.Signature {
	return signature.Signature{{{X: 1000, Y: 1000, T: 0, Pressure: 300}, {X: 1010, Y: 1000, T: 10, Pressure: 300}}}
}

// vouching makes a Make for sentences in which the supervisor is asked.
func vouching(right bool) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		o := a.Profile.Operator(profile.Supervisor)
		if o == nil {
			return nil, lack("the profile has no supervisor (operator 00)")
		}
		password := string(o.Password)
		if !right {
			password = wrong(password)
		}
		return func(p *sim.Player) error { return keepRefusal(p, p.Away(func() error { return p.T.Vouch(password) })) }, nil
	}
}

// machine makes a Make that has the scenario played on another kind of terminal.
func machine(fits func(*device.Kind) bool, lacking string) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		for _, k := range a.Profile.Kinds {
			if k.ReadsCards() && fits(k) {
				return func(p *sim.Player) error {
					onKind(p, k)
					return nil
				}, nil
			}
		}
		return nil, lack("no kind of terminal of the profile %s", lacking)
	}
}

// slips are what cardholders write, in turn. One takes two milliseconds to make up, for
// which a load test has no time.
var slips = sync.OnceValue(func() (all []signature.Signature) {
	for writer := range uint64(40) {
		all = append(all, signature.Generate(1000+writer, signature.Genuine, 0))
	}
	return all
})

func slipSignature(n int) signature.Signature { return slips()[n%len(slips())] }

// damagedImage is the first half of a signature's image.
func damagedImage() []byte {
	image := jbig.Encode(signature.Image(slipSignature(0), signature.ImageWidth, signature.ImageHeight), jbig.Options{})
	return image[:len(image)/2]
}

// cardholderSigns has the cardholder sign for the purchase that was approved.
func cardholderSigns(p *sim.Player) error { return keepRefusal(p, p.SignSlip(slipSignature(p.N()))) }

// signedUnder is the latest signature, which is under the last payment if there was one
// just now.
func signedUnder(p *sim.Player) (*sim.Signed, error) {
	all := p.T.Signed()
	n := len(all)
	if n == 0 || p.Last.Of == dialect.Purchase && all[n-1].Trace != p.Last.Trace {
		return nil, errors.New("nobody has signed for the last purchase")
	}
	return &all[n-1], nil
}

// uploaded finds what has become of the signature under the last payment.
func uploaded(want sim.UploadState) func(*sim.Player) error {
	words := map[sim.UploadState]string{sim.NotSent: "not sent", sim.Sent: "sent", sim.SendFailed: "given up"}
	return func(p *sim.Player) error {
		s, err := signedUnder(p)
		if err == nil && s.State != want {
			return fmt.Errorf("the signature is %s after %d tries without an approval, want %s", words[s.State], s.Tries, words[want])
		}
		return err
	}
}

// featureCode finds the code under the signature to be the one of the purchase's answer.
func featureCode(p *sim.Player) error {
	s, err := signedUnder(p)
	if err != nil {
		return err
	}
	for _, e := range worldOf(p).exchanges {
		if e.result.Of == dialect.Purchase && e.result.Trace == s.Trace && e.answer != nil {
			want, err := signature.FeatureCode(e.answer.Text(wire.SettlementDate), e.answer.Text(wire.RRN))
			if err == nil && want != s.FeatureCode {
				err = fmt.Errorf("the slip has %s under the signature, want %s", s.FeatureCode, want)
			}
			return err
		}
	}
	return errors.New("the answer to the last purchase is not known any more")
}

// keptAtHost asks the host what it has of the terminal's signatures, and whether that
// under the last payment is among them.
func keptAtHost(a Args, p *sim.Player) (s *sim.Signed, found bool, parts int, err error) {
	if s, err = signedUnder(p); err != nil {
		return nil, false, 0, err
	}
	var kept []struct {
		Batch       uint32 `json:"batch"`
		Trace       uint32 `json:"trace"`
		Amount      int64  `json:"amount"`
		FeatureCode string `json:"feature_code"`
		Parts       int    `json:"parts"`
	}
	if err = a.Admin.Do("GET", "/v1/terminals/"+p.T.TID+"/signatures", nil, &kept); err != nil {
		return nil, false, 0, err
	}
	for _, k := range kept {
		if k.Trace == s.Trace && k.Batch == s.Batch {
			if k.Amount != s.Amount || k.FeatureCode != s.FeatureCode {
				return s, true, k.Parts, fmt.Errorf("the host has the signature under %d fen with code %s, want %d fen and %s", k.Amount, k.FeatureCode, s.Amount, s.FeatureCode)
			}
			return s, true, k.Parts, nil
		}
	}
	return s, false, 0, nil
}

// enrolmentOf is where the admin API has what is on file of the first operator at the
// terminal's merchant.
func enrolmentOf(p *sim.Player) string {
	return "/v1/merchants/" + p.T.MID + "/operators/" + p.T.Profile.Cashier().Number + "/signature"
}

// enrols makes a Make for sentences in which the bank enrols {n} signatures, which of the
// operator's references each of them is.
func enrols(which func(n int) int) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		h, err := handOf(a.Profile)
		if err != nil {
			return nil, err
		}
		references := h.References()
		if references == nil {
			return nil, lack("the operator's signatures are those of a file, which are not given to a host")
		}
		n, err := a.Int(0)
		if err != nil || n > signature.MaxReferences {
			return nil, fmt.Errorf("want up to %d signatures", signature.MaxReferences)
		}
		var body struct {
			Signatures []signature.Signature `json:"signatures"`
		}
		for i := range n {
			body.Signatures = append(body.Signatures, references[which(i)%len(references)])
		}
		return func(p *sim.Player) error {
			err := a.Admin.Do("PUT", enrolmentOf(p), body, nil)
			worldOf(p).refusal = err
			if _, refused := errors.AsType[*AdminError](err); refused {
				return nil
			}
			return err
		}, nil
	}
}

// compared makes a Make for sentences in which the bank compares a signature with what
// is on file, with which the comparison by the profile's ends so.
func compared(write func(h *profile.Hand, n uint64) signature.Signature, want signature.Reason) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		h, err := handOf(a.Profile)
		if err != nil {
			return nil, err
		}
		s, err := telling(h, write, want)
		return func(p *sim.Player) error {
			var found struct{ Reason signature.Reason }
			err := a.Admin.Do("POST", enrolmentOf(p)+"/checks", map[string]any{"signature": s}, &found)
			if err == nil && found.Reason != want {
				err = fmt.Errorf("the bank finds %q, want %q", found.Reason, want)
			}
			return err
		}, err
	}
}

// isUpload chooses messages that bring a signature.
func isUpload(_ *sim.Player, s *exchange) bool { return s.result.Of.Signs() }

func signaturePhrases() []*Phrase {
	const group = "Signatures / 签名"
	return []*Phrase{
		{Group: group, English: "a terminal with a signature pad", Chinese: "终端带签名板", CheckOnly: true,
			Doc:  "The scenario is played on a machine of a kind that reads cards and has one.",
			Make: machine(func(k *device.Kind) bool { return k.Has(device.SignaturePad) }, "reads cards and has a signature pad")},
		{Group: group, English: "a terminal without a signature pad", Chinese: "终端不带签名板", CheckOnly: true,
			Doc:  "The scenario is played on a machine of a kind that reads cards and has none.",
			Make: machine(func(k *device.Kind) bool { return !k.Has(device.SignaturePad) }, "reads cards and has no signature pad")},
		{Group: group, English: "operators sign in by signature", Chinese: "操作员须签字签到",
			Doc: "The scenario is for networks whose terminals ask operators for a signature after the password (policy signatures, sign-in), and skipped for others.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				_, err := handOf(a.Profile)
				return func(*sim.Player) error { return nil }, err
			}},
		{Group: group, English: "the operator gives number and password", Chinese: "操作员输入操作员号和密码",
			Doc: "The first operator of the profile who may sell, with the right password, and no more: a terminal may ask for a signature now.",
			Make: fixed(func(p *sim.Player) error {
				o := p.T.Profile.Cashier()
				return keepRefusal(p, p.Away(func() error { return p.T.Login(o.Number, string(o.Password)) }))
			})},
		{Group: group, English: "the operator signs on the pad", Chinese: "操作员在签名板上签字",
			Doc:  "A genuine signature, as steady as the enrolled ones.",
			Make: operatorSigns(genuine, signature.Accepted)},
		{Group: group, English: "the operator signs with a shaking hand", Chinese: "操作员签字时手抖",
			Doc:  "The operator's own signature, with a tremor of 8 to 12 Hz.",
			Make: operatorSigns(shaky, signature.Tremor)},
		{Group: group, English: "somebody else signs on the pad", Chinese: "他人在签名板上签字",
			Doc:  "The signature of another person, who has not seen the operator's.",
			Make: operatorSigns((*profile.Hand).Stranger, signature.Foreign)},
		{Group: group, English: "the operator hardly touches the pad", Chinese: "操作员只在签名板上点了一下",
			Doc:  "A dot: a hundredth of a second on the pad.",
			Make: operatorSigns(dot, signature.TooFewPoints)},
		{Group: group, English: "somebody else signs until the terminal asks for the supervisor", Chinese: "他人反复签字，直到终端要求主管密码",
			Doc: "As often as the policy lets signatures be tried (policy signatures, tries).",
			Make: func(a Args) (func(*sim.Player) error, error) {
				h, err := handOf(a.Profile)
				if err != nil {
					return nil, err
				}
				s, err := telling(h, (*profile.Hand).Stranger, signature.Foreign)
				return func(p *sim.Player) error {
					for range p.T.Profile.Policy.Signatures.Tries {
						if err := keepRefusal(p, p.T.SignOnPad(s)); err != nil {
							return err
						}
					}
					return nil
				}, err
			}},
		{Group: group, English: "the supervisor vouches for the operator", Chinese: "主管输入密码授权签到",
			Doc:  "With the supervisor's password, which lets in an operator whose signature was refused too often.",
			Make: vouching(true)},
		{Group: group, English: "the supervisor vouches for the operator with a wrong password", Chinese: "主管输入错误密码授权签到",
			Doc:  "With another one than the supervisor's.",
			Make: vouching(false)},
		{Group: group, English: "nobody is logged in", Chinese: "没有操作员签到成功", Asserts: true,
			Doc: "No operator has got past password and signature.",
			Make: fixed(func(p *sim.Player) error {
				return checkState(p, p.T.Operator == "", "without an operator", "in use by one")
			})},
		{Group: group, English: "the cardholder signs on the pad", Chinese: "持卡人在签名板上签字", Of: dialect.SignatureUpload,
			Doc:  "For the purchase that was approved just now. The image goes to the host at once; whatever comes of that, the purchase stays approved. A terminal without a pad, or without a purchase to sign for, refuses.",
			Make: fixed(cardholderSigns)},
		{Group: group, English: "the cardholder signs if the terminal has a pad", Chinese: "如终端带签名板，持卡人签字", Of: dialect.SignatureUpload,
			Doc: "As above; at a terminal without a pad nothing is done. For load tests, in which terminals are of several kinds.",
			Make: fixed(func(p *sim.Player) error {
				if !p.T.HasPad() {
					return nil
				}
				return cardholderSigns(p)
			})},
		{Group: group, English: "the cardholder signs, and the image is damaged", Chinese: "持卡人签字，但签名图像损坏", Of: dialect.SignatureUpload,
			Doc:  "What goes up is no image that could be read: the first half of one.",
			Make: fixed(func(p *sim.Player) error { return keepRefusal(p, p.SendSlip(damagedImage())) })},
		{Group: group, English: "the terminal sends signatures in parts of {n} octets", Chinese: "终端按每段{n}字节分段上送签名", CheckOnly: true, Of: dialect.SignaturePart,
			Doc: "For the length of the scenario, whatever the policy says (policy signatures, part): up to 999, and nine parts at most.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := a.Int(0)
				if err != nil || n < 1 || n > signature.MaxSegment {
					return nil, fmt.Errorf("want 1 to %d octets", signature.MaxSegment)
				}
				return func(p *sim.Player) error {
					t, was := p.T, p.T.Profile
					changed := *was
					changed.Policy.Signatures.Part = n
					t.Profile = &changed
					worldOf(p).undo(func() { t.Profile = was })
					return nil
				}, nil
			}},
		{Group: group, English: "the signature has been sent", Chinese: "签名已上送", Asserts: true,
			Doc:  "The host has approved the upload of the signature under the last purchase.",
			Make: fixed(uploaded(sim.Sent))},
		{Group: group, English: "the signature has not been sent yet", Chinese: "签名待上送", Asserts: true,
			Doc:  "The host has not approved it so far; it will be tried again.",
			Make: fixed(uploaded(sim.NotSent))},
		{Group: group, English: "the signature has been given up", Chinese: "签名上送失败，不再重发", Asserts: true,
			Doc:  "The host has not approved it in as many tries as the policy allows (policy signatures, upload-tries), or by the settlement.",
			Make: fixed(uploaded(sim.SendFailed))},
		{Group: group, English: "{n} signature messages have been sent", Chinese: "共上送{n}个签名报文", Asserts: true, CheckOnly: true,
			Doc:  "In this scenario, repetitions and parts included.",
			Make: sent("messages with a signature", dialect.Transaction.Signs)},
		{Group: group, English: "the signature message carries:", Chinese: "签名上送报文包含：", Table: fieldTable, Asserts: true, CheckOnly: true,
			Doc: "Fields of the last message that brought a signature, or a part of one; the original is its purchase.", Make: carries(false, isUpload)},
		{Group: group, English: "the host refuses the signature", Chinese: "主机拒绝签名上送", Asserts: true, CheckOnly: true,
			Doc: "The last message that brought a signature was answered with the code for a wrong format.",
			Make: fixed(func(p *sim.Player) error {
				past := worldOf(p).exchanges
				for i := len(past) - 1; i >= 0; i-- {
					if r := &past[i].result; r.Of.Signs() {
						if want := p.T.Profile.Dialect.Code(dialect.FormatError); r.Code != want {
							return fmt.Errorf("the host answers %q to the signature, want %q", r.Code, want)
						}
						return nil
					}
				}
				return errors.New("no signature was sent")
			})},
		{Group: group, English: "the slip has the feature code of the payment", Chinese: "签购单印有该笔交易的特征码", Asserts: true, CheckOnly: true,
			Doc:  "Eight hexadecimal digits under the signature, made of settlement date and reference number of the answer.",
			Make: fixed(featureCode)},
		{Group: group, English: "the bank enrols {n} signatures of the operator", Chinese: "银行登记操作员的{n}个签名", Admin: true,
			Doc:  "At the host's admin API, for the terminal's merchant, in place of those before. What it refuses is told by the next sentence. Five are wanted.",
			Make: enrols(func(n int) int { return n })},
		{Group: group, English: "the bank enrols {n} copies of one signature", Chinese: "银行用同一签名登记{n}次", Admin: true,
			Doc:  "As above, with a signature that is copied: nothing can be learnt from it.",
			Make: enrols(func(int) int { return 0 })},
		{Group: group, English: "the bank removes the operator's signature from its files", Chinese: "银行注销操作员的签名", Admin: true,
			Doc: "At the host's admin API: then nothing can be compared with it. Nothing is done when there is none.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error { return a.Admin.Do("DELETE", enrolmentOf(p), nil, nil) }, nil
			}},
		{Group: group, English: "the enrolment is on file", Chinese: "签名登记成功", Asserts: true, Admin: true,
			Doc: "The host took it, and its admin API tells of it, and of no stroke.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error {
					if err := worldOf(p).refusal; err != nil {
						return err
					}
					var file map[string]any
					if err := a.Admin.Do("GET", enrolmentOf(p), nil, &file); err != nil {
						return err
					}
					for key, v := range file {
						if _, list := v.([]any); list {
							return fmt.Errorf("the host gives out %s", key)
						}
					}
					return nil
				}, nil
			}},
		{Group: group, English: "the bank refuses the enrolment", Chinese: "银行拒绝登记签名", Asserts: true, Refuses: true, Admin: true,
			Doc: "The host's admin API says why.",
			Make: fixed(func(p *sim.Player) error {
				if worldOf(p).refusal == nil {
					return errors.New("the enrolment was not refused")
				}
				return nil
			})},
		{Group: group, English: "the bank takes a signature of the operator for genuine", Chinese: "银行核对操作员签名相符", Asserts: true, Admin: true,
			Doc:  "Compared at the host's admin API with what is on file.",
			Make: compared(genuine, signature.Accepted)},
		{Group: group, English: "the bank takes a shaking hand for no signature of the operator", Chinese: "银行核对手抖的签名不符", Asserts: true, Admin: true,
			Doc:  "As above; the reason is the tremor.",
			Make: compared(shaky, signature.Tremor)},
		{Group: group, English: "the bank takes somebody else's signature for foreign", Chinese: "银行核对他人签名不符", Asserts: true, Admin: true,
			Doc:  "As above; the reason is that it is foreign.",
			Make: compared((*profile.Hand).Stranger, signature.Foreign)},
		{Group: group, English: "the host has the signature of that payment", Chinese: "主机已保存该笔交易的签名", Asserts: true, Admin: true, Of: dialect.SignatureUpload,
			Doc: "The host's admin API lists it, with amount and feature code of the last purchase.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error {
					_, found, _, err := keptAtHost(a, p)
					if err == nil && !found {
						err = errors.New("the host has no signature under the last purchase")
					}
					return err
				}, nil
			}},
		{Group: group, English: "the host has no signature of that payment", Chinese: "主机没有该笔交易的签名", Asserts: true, Admin: true, Of: dialect.SignatureUpload,
			Doc: "The host's admin API does not list one under the last purchase.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				return func(p *sim.Player) error {
					_, found, _, err := keptAtHost(a, p)
					if err == nil && found {
						err = errors.New("the host has a signature under the last purchase")
					}
					return err
				}, nil
			}},
	}
}
