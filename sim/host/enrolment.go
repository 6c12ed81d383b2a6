package host

import (
	"errors"
	"sync"
	"time"

	"github.com/posfleet/posfleet/sim/signature"
)

// Enrolment is what the bank has on file of how an operator of a merchant signs. The
// signatures themselves are not given out, and no protocol that is known brings them to
// terminals: those have what their profile says.
type Enrolment struct {
	References int // signatures that it was made of
	At         time.Time
	Replaced   int // how often an earlier one was replaced
}

// enrolments are those of all merchants' operators.
type enrolments struct {
	mu sync.RWMutex
	of map[signer]*enrolment
}

type signer struct{ mid, operator string }

type enrolment struct {
	Enrolment
	writer *signature.Writer
}

// Why the host enrols nobody.
var (
	ErrNoMerchant = errors.New("the host has no such merchant")
	ErrNoOperator = errors.New("operators who sign are 01 to 98")
	ErrReferences = errors.New("want five signatures of one person")
)

// References is how many signatures an enrolment takes.
const References = 5

// Enrol puts an operator's signature on file, in place of an earlier one. The error
// says which of the signatures will not do.
func (h *Host) Enrol(mid, operator string, genuine []signature.Signature) (Enrolment, error) {
	of := signer{mid, operator}
	switch known := false; {
	case len(operator) != 2 || operator < "01" || operator > "98" || operator[1] < '0' || operator[1] > '9':
		return Enrolment{}, ErrNoOperator
	case len(genuine) != References:
		return Enrolment{}, ErrReferences
	default:
		for _, m := range h.profile.Merchants {
			known = known || m.MID == mid
		}
		if !known {
			return Enrolment{}, ErrNoMerchant
		}
	}
	w, err := signature.Enroll(genuine)
	if err != nil {
		return Enrolment{}, errors.Join(ErrReferences, err)
	}
	e := &enrolment{Enrolment{References: len(genuine), At: time.Now()}, w}
	h.enrolments.mu.Lock()
	defer h.enrolments.mu.Unlock()
	if was := h.enrolments.of[of]; was != nil {
		e.Replaced = was.Replaced + 1
	}
	h.enrolments.put(of, e)
	h.noteAll(&h.journal.notes, signerChanged, keptEnrolment{of.mid, of.operator, e.Enrolment, genuine})
	return e.Enrolment, nil
}

func (all *enrolments) put(of signer, e *enrolment) {
	if all.of == nil {
		all.of = map[signer]*enrolment{}
	}
	all.of[of] = e
}

// keptEnrolment is an enrolment as data keep it: with the signatures that it was made of;
// none for one that was taken away.
type keptEnrolment struct {
	MID, Operator string
	Enrolment
	Genuine []signature.Signature
}

func (h *Host) restoreEnrolment(k keptEnrolment) error {
	of := signer{k.MID, k.Operator}
	if len(k.Genuine) == 0 {
		delete(h.enrolments.of, of)
		return nil
	}
	w, err := signature.Enroll(k.Genuine)
	if err != nil {
		return errors.Join(errEntry, err)
	}
	h.enrolments.put(of, &enrolment{k.Enrolment, w})
	return nil
}

// Enrolled is what is on file of an operator; false for nothing.
func (h *Host) Enrolled(mid, operator string) (Enrolment, bool) {
	if e := h.enrolmentOf(mid, operator); e != nil {
		return e.Enrolment, true
	}
	return Enrolment{}, false
}

// Unenrol takes what is on file of an operator away.
func (h *Host) Unenrol(mid, operator string) {
	h.enrolments.mu.Lock()
	defer h.enrolments.mu.Unlock()
	delete(h.enrolments.of, signer{mid, operator})
	h.noteAll(&h.journal.notes, signerChanged, keptEnrolment{MID: mid, Operator: operator})
}

// CompareSignature compares a signature with what is on file of an operator; false when
// nothing is.
func (h *Host) CompareSignature(mid, operator string, s signature.Signature) (signature.Result, bool) {
	if e := h.enrolmentOf(mid, operator); e != nil {
		return e.writer.Verify(s), true
	}
	return signature.Result{}, false
}

func (h *Host) enrolmentOf(mid, operator string) *enrolment {
	h.enrolments.mu.RLock()
	defer h.enrolments.mu.RUnlock()
	return h.enrolments.of[signer{mid, operator}]
}
