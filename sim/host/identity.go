package host

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"strings"

	"github.com/posfleet/posfleet/sim/chip"
	"github.com/posfleet/posfleet/sim/profile"
)

// identity tells hosts apart whose data would not fit each other, or by whose profiles what is
// past would come to something else: a line for each part, with a digest of it and of all parts
// before, so that none is guessed without the terminals' keys.
func (h *Host) identity() string {
	var lines strings.Builder
	sum := sha256.New()
	for _, part := range []struct {
		name string
		of   func(*Host, hash.Hash)
	}{
		{"network", (*Host).digestNetwork}, {"terminals", (*Host).digestTerminals}, {"fees", (*Host).digestFees},
		{"cards", (*Host).digestCards}, {"chips", (*Host).digestChips},
	} {
		part.of(h, sum)
		fmt.Fprintf(&lines, "%s %x\n", part.name, sum.Sum(nil))
	}
	return lines.String()
}

func (h *Host) digestNetwork(sum hash.Hash) {
	d := h.dialect
	fmt.Fprintln(sum, d.Name, d.Currency, d.Exponent, d.DUKPT)
}

func (h *Host) digestTerminals(sum hash.Hash) {
	p := h.profile
	fmt.Fprintf(sum, "%d %d %x %x\n", len(p.Terminals), len(p.Stock), []byte(p.DUKPT.Base), p.DUKPT.KeySet)
	for i := range len(p.Terminals) + len(p.Stock) {
		e := h.books.Entry(i)
		fmt.Fprintf(sum, "%s %s %x\n", e.TID, e.MID, []byte(e.Master))
	}
}

// digestFees has what payments cost: fees are computed when they are asked for.
func (h *Host) digestFees(sum hash.Hash) {
	for _, m := range h.profile.Merchants {
		fmt.Fprintf(sum, "%s %d %+v\n", m.MID, m.Class, *m.Plan)
	}
	for _, plan := range h.profile.Plans { // of those who become merchants
		fmt.Fprintf(sum, "%+v\n", *plan)
	}
}

// digestCards has whose cards are booked on, by their places, and what they had at first.
func (h *Host) digestCards(sum hash.Hash) {
	for i := range h.profile.Cards {
		c := &h.profile.Cards[i]
		fmt.Fprintln(sum, c.Role, c.Balance, c.Points, c.Cash, c.Kind)
		if c.Alliance != 0 {
			fmt.Fprintln(sum, "alliance", c.Alliance)
		}
		for _, holder := range h.profile.Holders(c.Role) {
			fmt.Fprintln(sum, holder.PAN, holder.Sequence, holder.Code)
		}
	}
}

// digestChips has whose chips have counted: the issuer's scheme, and its answer to nothing.
func (h *Host) digestChips(sum hash.Hash) {
	for i := range h.profile.Cards {
		c := &h.profile.Cards[i]
		issuer := c.Issuer()
		if issuer == nil {
			continue
		}
		fmt.Fprintf(sum, "%s %s %x\n", c.Role, issuer.Scheme.Name, answerToNothing(issuer, &h.profile.Holders(c.Role)[0]))
	}
}

func answerToNothing(issuer *chip.Issuer, holder *profile.Holder) []byte {
	of, err := issuer.CardKeys(holder.PAN, holder.Sequence)
	if err != nil {
		return nil
	}
	var work chip.Work
	var tag91 [10]byte
	var none [8]byte
	work.Right(issuer.Scheme, of, new(chip.Data), none[:])
	return work.Answer(&tag91, issuer.Scheme, of, none[:], [2]byte{'0', '0'}, true)
}
