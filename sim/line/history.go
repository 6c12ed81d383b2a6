package line

import (
	"errors"
	"hash/maphash"
	"slices"

	"github.com/posfleet/posfleet/sim/wire"
)

// history is how a line's requests of the near past ended: it tells late and
// duplicate answers from foreign ones. Duplicates come at once, late answers
// after many other exchanges.
type history struct{ answered, givenUp, cut ring }

// ending is how a request ended, if it is remembered.
type ending uint8

const (
	unknown ending = iota
	wasAnswered
	wasGivenUp // no answer came in time
	wasCut     // its line broke
)

func (h *history) add(key uint64, e ending) {
	switch e {
	case wasAnswered:
		h.answered.put(key)
	case wasCut:
		h.cut.put(key)
	default:
		h.givenUp.put(key)
	}
}

// endingOf is how an exchange ends with err.
func endingOf(err error) ending {
	switch {
	case err == nil:
		return wasAnswered
	case errors.Is(err, ErrBroken):
		return wasCut
	}
	return wasGivenUp
}

// ending is how an exchange ends with err: the answer of one that a message ended which
// nobody can read may come yet.
func (x *Exchange) ending(err error) ending {
	if u, is := errors.AsType[*Unread](x.Unreadable); is && u.Guessed && err == nil {
		return wasGivenUp
	}
	return endingOf(err)
}

func (h *history) find(key uint64) ending {
	switch {
	case slices.Contains(h.givenUp.hashes, key):
		return wasGivenUp
	case slices.Contains(h.cut.hashes, key):
		return wasCut
	case slices.Contains(h.answered.hashes, key):
		return wasAnswered
	}
	return unknown
}

// ring keeps the hashes of the latest keys, up to most of them.
type ring struct {
	hashes []uint64
	most   int
	next   int // the oldest, once there are so many
}

func (r *ring) put(h uint64) {
	if len(r.hashes) < r.most {
		r.hashes = append(r.hashes, h)
		return
	}
	r.hashes[r.next] = h
	if r.next++; r.next == r.most {
		r.next = 0
	}
}

var keySeed = maphash.MakeSeed()

// hash stands for a key in tables: two of one line are alike once in many
// years, and an answer is held against its request in full anyway.
func hash(k *wire.Key) uint64 { return maphash.Bytes(keySeed, k[:]) }
