package sim

import (
	"hash/maphash"
	"slices"

	"github.com/posfleet/posfleet/sim/wire"
)

// recent is how a line's requests of the near past ended: it tells late and
// duplicate answers from foreign ones. Duplicates come at once, late answers
// after many other exchanges.
type recent struct{ answered, givenUp ring }

type fate uint8

const (
	unknown fate = iota
	wasAnswered
	wasGivenUp
)

func (r *recent) add(h uint64, answered bool) {
	if answered {
		r.answered.put(h)
	} else {
		r.givenUp.put(h)
	}
}

func (r *recent) find(h uint64) fate {
	switch {
	case slices.Contains(r.givenUp.hashes, h):
		return wasGivenUp
	case slices.Contains(r.answered.hashes, h):
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
