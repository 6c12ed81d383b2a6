package profile

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"github.com/posfleet/posfleet/sim/signature"
	"github.com/posfleet/posfleet/sim/strict"
)

// Signatures is what terminals with a signature pad do with it (docs/signature.md).
type Signatures struct {
	SignIn      bool // operators of whom a signature is enrolled sign after their password
	Tries       int  // signatures of one operator, then the supervisor is asked
	UploadTries int  // sendings of one cardholder's signature before it is given up
	Part        int  // octets of an image in each message; 0 for the whole in one where it fits
}

var defaultSignatures = Signatures{Tries: 3, UploadTries: 3}

// signatures reads what terminals do with their pads, over the defaults.
func (r reader) signatures(p *Signatures) func(strict.Value) {
	return func(v strict.Value) {
		r.Map(v, strict.Table{
			"sign-in":      r.Bool(&p.SignIn),
			"tries":        strict.Int(r.Reader, &p.Tries, 1, 9),
			"upload-tries": strict.Int(r.Reader, &p.UploadTries, 1, 99),
			"part":         strict.Int(r.Reader, &p.Part, 0, signature.MaxSegment),
		})
	}
}

// Hand is how an operator signs, and what terminals have enrolled of it. All terminals
// share it.
type Hand struct {
	writer    func() *signature.Writer
	number    uint64 // of a generated writer
	generated bool
	written   func() []signature.Signature // genuine ones that are not enrolled
	compared  sync.Map                     // of written, by the first stroke: how those came out that were compared
}

const (
	enrolled = 5  // signatures of an operator
	ready    = 20 // signatures that a generated writer has ready to sign with
)

// Writer is who the hand's signatures are compared with: its enrolled ones.
func (h *Hand) Writer() *signature.Writer { return h.writer() }

// Verify compares a signature with the enrolled ones. Those that Sign has ready are each
// compared once, for a fleet signs in with them over and over: one takes 0.3 ms.
func (h *Hand) Verify(s signature.Signature) signature.Result {
	if !slices.ContainsFunc(h.written(), func(w signature.Signature) bool { return len(s) > 0 && len(w) == len(s) && &w[0] == &s[0] }) {
		return h.writer().Verify(s)
	}
	if r, ok := h.compared.Load(&s[0]); ok {
		return r.(signature.Result)
	}
	r := h.writer().Verify(s)
	h.compared.Store(&s[0], r)
	return r
}

// generatedHand is the hand of a generated writer, who is enrolled when first asked for:
// that takes milliseconds, and most runs sign nothing.
func generatedHand(number uint64) *Hand {
	h := &Hand{number: number, generated: true}
	h.written = sync.OnceValue(func() (all []signature.Signature) { // a fleet signs with them over and over: one takes 2 ms to write
		for n := range uint64(ready) {
			all = append(all, signature.Generate(number, signature.Genuine, enrolled+n))
		}
		return all
	})
	h.writer = sync.OnceValue(func() *signature.Writer {
		w, err := signature.Enroll(h.References())
		if err != nil {
			panic(fmt.Sprintf("generated writer %d: %v", number, err)) // his signatures are alike, and no copies
		}
		return w
	})
	return h
}

// References are the signatures that a generated writer is enrolled by; nil for those of
// a file, which are nobody's to give out.
func (h *Hand) References() (all []signature.Signature) {
	if !h.generated {
		return nil
	}
	for n := range uint64(enrolled) {
		all = append(all, signature.Generate(h.number, signature.Genuine, n))
	}
	return all
}

// Sign writes signature n of a kind, none of those that are enrolled; genuine ones come
// again after some. Of a file there are genuine ones alone: it gives nil for another kind.
func (h *Hand) Sign(kind signature.Kind, n uint64) signature.Signature {
	switch {
	case kind == signature.Genuine:
		all := h.written()
		return all[n%uint64(len(all))]
	case h.generated:
		return signature.Generate(h.number, kind, n)
	}
	return nil
}

// Stranger signs as somebody else would who has never seen the operator's signature.
func (h *Hand) Stranger(n uint64) signature.Signature {
	return signature.Generate(h.number+1_000_003, signature.Genuine, n)
}

var writerShape = regexp.MustCompile(`^\d{1,18}$`)

// hand reads how an operator signs: the number of a generated writer, or a file of
// signatures, of which the first five are enrolled and the others are signed with.
func (r reader) hand(to **Hand, dir folder) func(strict.Value) {
	return func(v strict.Value) {
		s, ok := r.Scalar(v)
		if !ok {
			return
		}
		var err error
		if writerShape.MatchString(s) {
			n, _ := strconv.ParseUint(s, 10, 64)
			*to = generatedHand(n)
		} else {
			*to, err = dir.hand(s)
		}
		if err != nil {
			r.Fail(v, "%w; want the number of a generated writer, or a file with a list of at least %d signatures (docs/signature.md)", err, enrolled+1)
		}
	}
}

// hand reads a file of signatures. They are of a person: others may not read it.
func (d folder) hand(path string) (*Hand, error) {
	text, err := d.read(path, true, maxFile)
	if err != nil {
		return nil, err
	}
	var all []signature.Signature
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	if len(all) <= enrolled {
		return nil, fmt.Errorf("file %s has %d signatures", path, len(all))
	}
	h := &Hand{written: func() []signature.Signature { return all[enrolled:] }}
	w, err := signature.Enroll(all[:enrolled])
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	h.writer = func() *signature.Writer { return w }
	return h, nil
}
