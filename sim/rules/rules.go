// Package rules says what an answer must be, and what it should be.
//
// A [Rule] has an identity that stays, a [Level], the [Kinds] of requests whose
// answers it is about, what it asks in words, and where that comes from; [Table]
// has them all. A [Judge] holds the answers of one run to those of its dialect,
// and against each other: of an [Exchange], a request with its answer, it gives the
// first must that is [Broken], or the [Set] of shoulds. What no rule can see is in
// [Unseen].
package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/wire"
)

// Level is how much a rule weighs.
type Level uint8

const (
	Must   Level = iota // an answer that breaks it is refused
	Should              // an answer that breaks it is counted
)

func (l Level) String() string { return [...]string{"must", "should"}[l] }

// Kinds is a set of kinds of requests.
type Kinds uint8

const (
	Payments    Kinds = 1 << iota // move or hold money
	Inquiries                     // of a balance, or of what has become of a payment
	Reversals                     //
	Settlements                   // totals
	Uploads                       // details and end of a settlement
	SignIns                       //
	Management                    // sign-off, echo test

	Financial = Payments | Inquiries | Reversals
	All       = Financial | Settlements | Uploads | SignIns | Management
)

var kindNames = [...]string{"payments", "balance inquiries", "reversals", "settlements", "uploads", "sign-ins", "sign-off and echo"}

func (k Kinds) String() string {
	switch k {
	case All:
		return "all"
	case Financial:
		return "financial"
	}
	var names []string
	for i, name := range kindNames {
		if k>>i&1 != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// KindOf is the kind of transaction t.
func KindOf(t dialect.Transaction) Kinds {
	switch t {
	case dialect.SignIn, dialect.KeyChange:
		return SignIns
	case dialect.Balance, dialect.PointsQuery, dialect.AllianceQuery, dialect.QRQuery:
		return Inquiries
	case dialect.Reversal:
		return Reversals
	case dialect.Settlement:
		return Settlements
	case dialect.BatchUpload, dialect.ChipUpload, dialect.LoadUpload, dialect.ChipNotice, dialect.AdviceUpload, dialect.UploadEnd:
		return Uploads
	}
	if t.Payment() {
		return Payments
	}
	return Management
}

// Rule is one thing that an answer must or should be.
type Rule struct {
	ID        string // stays the same over versions
	Level     Level
	Of        Kinds  // of requests, whose answers it is about
	Approvals bool   // only if they approve
	Asks      string // of "the answer"
	Source    string

	check
	index uint8
}

// About is the element that must be there or not for the rule to be asked; false where
// none is.
func (r *Rule) About() (wire.Element, bool) { return r.of, r.when != always }

// check is how a rule is held. A rule that is held elsewhere has none.
type check struct {
	when  when
	of    wire.Element            // that must be there or not for the rule to be asked
	holds func(x *Exchange) bool  // neither allocates nor parses
	why   func(x *Exchange) error // what is wrong when it does not hold
}

// when says of which answers a rule is asked.
type when uint8

const (
	always    when = iota
	ifThere        // the element's field is in the answer
	ifNot          // it is not
	ifDiffers      // it is in answer and request, and not the same
)

// Set is a set of rules of the table, a bit each. What a bit means may change
// from version to version; identities do not.
type Set uint64

// Add puts a rule into the set.
func (s *Set) Add(r *Rule) { *s |= 1 << r.index }

// Has reports whether a rule is in the set.
func (s Set) Has(r *Rule) bool { return s>>r.index&1 != 0 }

// All calls yield for each rule of the set, in the order of the table.
func (s Set) All(yield func(r *Rule) bool) {
	for i := range table {
		if s>>i&1 != 0 && !yield(&table[i]) {
			return
		}
	}
}

// Count says how often rules were broken, of which a recorder has counted.
func Count(broken [report.Rules]int64) (counts []report.RuleCount) {
	for i := range table {
		if n := broken[i]; n > 0 {
			counts = append(counts, report.RuleCount{ID: table[i].ID, Level: table[i].Level.String(), N: n})
		}
	}
	return counts
}

// Exchange is a request, the answer to it, and what it takes to judge that.
type Exchange struct {
	Dialect         *dialect.Dialect
	Form            *dialect.Form // of the request
	Request, Answer *wire.Message
	Key             wire.Key // of the request
	PAN             string   // of the card that pays; empty when the terminal knows none

	MAC             *keys.Key      // the terminal's working key; nil for none
	Algorithm       keys.Algorithm // of the MAC
	MACUnknown      bool           // whoever judges has not the key: whether a MAC is right is not asked
	MACOnDecline    dialect.DeclineMAC
	DefectiveIsGood bool           // codes of class defective approve too
	LeftOut         bool           // of a settlement: the terminal has left a payment out of its totals on purpose
	Batch           dialect.Totals // of a settlement: what the terminal told the host of domestic cards,
	Foreign         dialect.Totals // and of foreign ones

	Chip     *chip.Transaction // with the chip in the reader; nil for none whose keys are known
	SignIn   *SignIn           // of a sign-in whose keys can be read; nil for none
	Now      int64             // when the answer came, in seconds of the run's clock
	Acquirer *Acquirer         // as the answers to this terminal name it; nil when there are no others

	judge    *Judge
	fields   fields
	code     dialect.Code // and approves: what a judge has read
	approves bool
}

// SignIn is what it takes to read the working keys that a sign-in brings, and what
// they are.
type SignIn struct {
	HSM    keys.HSM
	Master []byte // that they come under, as the HSM has it; nil for a logon without keys
	Block  keys.KeyBlock
	Issued keys.Set // by an answer that Check approves
	Err    error    // of reading them
}

// issued is the MAC key that the answer brings, nil for none.
func (x *Exchange) issued() *keys.Key {
	if x.SignIn == nil {
		return nil
	}
	return x.SignIn.Issued.MAC
}

// Code is the response code of the answer, zero when it has none.
func (x *Exchange) Code() dialect.Code { return dialect.CodeOf(x.Answer.Get(wire.ResponseCode)) }

// Judged is what a judge that has checked the exchange has read: the answer's code, and
// whether it approves.
func (x *Exchange) Judged() (dialect.Code, bool) { return x.code, x.approves }

// Approves reports whether the answer's code is an approval. Without a code only
// the answer of a form that has none approves, that of settlement: there the
// flags tell; and of a settlement a code that says that totals differ, beside them.
func (x *Exchange) Approves() bool { return x.approvesBy(x.Code()) }

func (x *Exchange) approvesBy(code dialect.Code) bool {
	if !x.Answer.Has(wire.ResponseCode) {
		return x.Form.NoCode
	}
	if x.Form.Transaction == dialect.Settlement && x.Dialect.Means(code, dialect.TotalsDiffer) {
		if _, told := x.Dialect.ReadReconciliation(x.Answer); told {
			return true
		}
	}
	class := x.Dialect.Class(code)
	return class == dialect.Approves || class == dialect.Defective && x.DefectiveIsGood
}

// Broken says which rule an answer breaks, and how.
type Broken struct {
	Rule *Rule
	Err  error
}

func (b *Broken) Error() string { return b.Err.Error() }
func (b *Broken) Unwrap() error { return b.Err }

// Mismatch is an element of an answer that is not what it was in the request.
type Mismatch struct {
	Field      int
	Name       string
	Seen, Want string // masked
	At         int    // place of the first octet that differs, from 1; told where both are shown alike
}

func (e *Mismatch) Error() string {
	if e.Seen == e.Want && e.At > 0 {
		return fmt.Sprintf("field %d (%s) of the answer is another than the %s that is wanted: they differ at place %d, which is not shown", e.Field, e.Name, e.Want, e.At)
	}
	return fmt.Sprintf("field %d (%s) of the answer is %s, want %s", e.Field, e.Name, Quoted(e.Seen), Quoted(e.Want))
}

// Quoted is a value as it is shown in quotes; what stands in the place of one, absent
// or (hidden), has none.
func Quoted(shown string) string {
	if shown == "absent" || strings.HasPrefix(shown, "(") {
		return shown
	}
	return strconv.Quote(shown)
}

// Unreadable is the breach of an answer that could not be read; err says why.
func Unreadable(err error) error { return &Broken{&table[0], err} }

// Known complains about rules of which a dialect says that they do not apply to it,
// and which there are not.
func Known(d *dialect.Dialect) error {
	for _, id := range d.Without {
		if !slices.ContainsFunc(table, func(r Rule) bool { return r.ID == id }) {
			return fmt.Errorf("%s: there is no rule %q; posfleet rules lists them", d.WithoutAt, id)
		}
	}
	return nil
}

// Table gives all rules.
func Table() []*Rule {
	all := make([]*Rule, len(table))
	for i := range table {
		all[i] = &table[i]
	}
	return all
}

// field names element e as errors do: "field 13 (local date MMDD)".
func (x *Exchange) field(e wire.Element) string {
	n := x.Dialect.Place(e).Field
	return fmt.Sprintf("field %d (%s)", n, x.Dialect.FieldName(n))
}

// wrong says that element e of the answer is not what is wanted.
func wrong(e wire.Element, want string) func(x *Exchange) error {
	return func(x *Exchange) error {
		if !x.Answer.Has(e) {
			return fmt.Errorf("%s of the answer is absent, want %s", x.field(e), want)
		}
		return fmt.Errorf("%s of the answer is %s, want %s", x.field(e), Quoted(x.Dialect.Shown(x.Answer, x.Dialect.Place(e).Field)), want)
	}
}
