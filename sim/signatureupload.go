package sim

import (
	"fmt"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/signature"
	"github.com/posfleet/posfleet/sim/signature/jbig"
	"github.com/posfleet/posfleet/sim/wire"
)

// Signed is a cardholder's signature under one purchase, and what has become of its
// image.
type Signed struct {
	Trace, Batch   uint32 // of the purchase
	Amount         int64  // fen
	RRN            [12]byte
	SettlementDate [4]byte         // MMDD; zero where the approval brought none
	Holder         *profile.Holder // whose card it was
	FeatureCode    string          // that stands under it on the slip (特征码)
	State          UploadState
	Tries          int    // sendings that did not end in an approval
	Slip           []byte // what the slip says, as tags
	Image          []byte // JBIG; both are nil once it is sent or given up
}

// UploadState is what has become of an image that is to go up.
type UploadState byte

// The states, by the letters that terminals keep of them.
const (
	NotSent    UploadState = 'n' // not yet, or without an approval so far
	Sent       UploadState = 's' // and the host has approved
	SendFailed UploadState = 'f' // given up after all tries
)

func (s UploadState) String() string { return string(rune(s)) }

// keptSigned is how many of the latest signatures a terminal keeps.
const keptSigned = 50

// unsigned is the latest purchase of a player, which its cardholder has not signed: what is
// not in the journal of it.
type unsigned struct {
	trace          uint32 // 0 for none
	settlementDate [4]byte
}

// awaitSignature notes that an approved purchase may be signed.
func (p *Player) awaitSignature(trace uint32) {
	p.unsigned = unsigned{trace: trace}
	copy(p.unsigned.settlementDate[:], p.ans.Get(wire.SettlementDate))
}

// unsignedPurchase is the purchase that may be signed, as the journal has it; nil for none.
func (p *Player) unsignedPurchase() *Record {
	for i := len(p.T.Journal.Records) - 1; i >= 0 && p.unsigned.trace > 0; i-- {
		if r := &p.T.Journal.Records[i]; r.Of == dialect.Purchase && r.Trace == p.unsigned.trace {
			return r
		}
	}
	return nil
}

// SignSlip is the cardholder signing on the pad for the purchase that was approved just
// now. The image goes up at once, and those before it that have not arrived: an image
// that the host does not take, or does not answer for, changes nothing of its
// purchase, and is sent again after the next signature or before settlement. p.Last
// stays the purchase.
func (p *Player) SignSlip(s signature.Signature) error {
	if err := s.Check(); err != nil {
		p.T.Display = refusals[signature.Malformed] + ", 请重签"
		return fmt.Errorf("%w: %w", ErrRefusedLocally, err)
	}
	return p.SendSlip(jbig.Encode(signature.Image(s, signature.ImageWidth, signature.ImageHeight), jbig.Options{}))
}

// SendSlip is SignSlip with the octets of an image, whatever they are.
func (p *Player) SendSlip(image []byte) error {
	s, err := p.signed(image)
	if err != nil {
		return err
	}
	t := p.T
	kept := &t.ownPad().signed
	if n := len(*kept); n >= keptSigned {
		*kept = append((*kept)[:0], (*kept)[n-keptSigned+1:]...)
	}
	*kept = append(*kept, s)
	p.unsigned = unsigned{}
	p.uploadSignatures(t.Profile.Policy.Signatures.UploadTries)
	t.Display = "签字完成 " + s.FeatureCode
	return nil
}

// signed is the purchase that was approved just now, with the image of its signature.
func (p *Player) signed(image []byte) (s Signed, err error) {
	t := p.T
	r := p.unsignedPurchase()
	missing, broken := t.Kind.Lacks(t.Condition, device.SignaturePad)
	switch {
	case !t.On:
		return s, t.dead()
	case t.Profile.Dialect.Form(dialect.SignatureUpload) == nil:
		return s, fmt.Errorf("dialect %s has no %s", t.Profile.Dialect.Name, dialect.SignatureUpload)
	case missing != device.None:
		t.Display = "本机无签名板"
		return s, fmt.Errorf("%w: a terminal of kind %s has no signature pad", ErrRefusedLocally, t.Kind)
	case broken != device.None:
		t.Display = broken.Fails()
		return s, fmt.Errorf("%w: its signature pad does not work", ErrRefusedLocally)
	case r == nil:
		t.Display = "没有待签字的交易"
		return s, fmt.Errorf("%w: there is no purchase to sign", ErrRefusedLocally)
	}
	settled, date := p.unsigned.settlementDate, ""
	if settled != [4]byte{} {
		date = string(settled[:])
	}
	code, err := signature.FeatureCode(date, string(r.RRN[:]))
	if err != nil {
		t.Display = "缺少原交易参考号"
		return s, fmt.Errorf("%w: %w", ErrRefusedLocally, err)
	}
	return Signed{Trace: r.Trace, Batch: r.Batch, Amount: r.Amount, RRN: r.RRN, SettlementDate: settled,
		Holder: r.Holder(t.Profile), FeatureCode: code, State: NotSent, Slip: p.slip(), Image: image}, nil
}

// slip is what the slip of a purchase that is signed now says.
func (p *Player) slip() []byte {
	t := p.T
	s := dialect.SlipText{Merchant: t.MID, Kind: dialect.Purchase.Chinese(), Operator: t.Operator, At: p.Clock.At(p.Clock.Now()), Currency: t.Profile.Dialect.Currency}
	if m := t.Profile.Merchant(t.MID); m != nil && m.Name != "" {
		s.Merchant = m.Name
	}
	return s.AppendTags(nil)
}

// uploadSignatures sends each image that has not arrived once. One that has had so many
// tries is given up.
func (p *Player) uploadSignatures(tries int) {
	t := p.T
	for i := range t.Signed() {
		s := &t.pad.signed[i]
		if s.State != NotSent || !t.SignedIn {
			continue
		}
		switch r := p.uploadSignature(s); {
		case r.Outcome == report.Approved:
			s.State, s.Slip, s.Image = Sent, nil, nil
		default:
			if s.Tries++; s.Tries >= tries {
				s.State, s.Slip, s.Image = SendFailed, nil, nil
			}
			p.afterwards(&r)
		}
	}
}

// uploadSignature sends one image, whole or in parts, and gives how its last message
// ended. It stops at the first part that is not approved: the next try begins anew.
func (p *Player) uploadSignature(s *Signed) (r Result) {
	d := p.T.Profile.Dialect
	f, longest := d.Form(dialect.SignatureUpload), p.T.Profile.Policy.Signatures.Part
	if parts := d.Form(dialect.SignaturePart); parts != nil && (longest > 0 || len(s.Image) > signature.MaxSegment) {
		f = parts
	}
	if longest == 0 {
		longest = signature.MaxSegment
	}
	for _, part := range signature.Segments(s.Image, longest) {
		p.begin(p.T, f)
		m := p.req
		p.holder = s.Holder
		if s.Holder != nil {
			m.SetString(wire.PAN, s.Holder.PAN)
		}
		m.SetUint(wire.Amount, uint64(s.Amount))
		m.SetUint(wire.Trace, uint64(s.Trace))
		m.SetUint(wire.Batch, uint64(s.Batch))
		m.Set(wire.RRN, s.RRN[:])
		if s.SettlementDate != [4]byte{} {
			m.Set(wire.SettlementDate, s.SettlementDate[:])
		}
		if f.Transaction == dialect.SignaturePart {
			if part.Number > len(f.ManagementCodes) {
				return Result{Outcome: report.Unsent, Why: fmt.Errorf("the image has more than %d parts", len(f.ManagementCodes))}
			}
			m.SetString(wire.ManagementCode, f.ManagementCodes[part.Number-1])
			if part.Last {
				m.SetUint(wire.LastPart, 1)
			}
		}
		if f.Carries(wire.ChipData) {
			m.Set(wire.ChipData, s.Slip)
		}
		m.Set(wire.SignatureImage, part.Octets)
		trace := p.T.Trace // none is used up: the request has that of its purchase
		r = *p.exchangeAside(f)
		if p.T.Trace = trace; r.Outcome != report.Approved {
			return r
		}
	}
	return r
}
