package signature

import (
	"math"
	"math/rand/v2"
)

// Kind is how a generated signature is written.
type Kind int

// The kinds of generated signatures.
const (
	Genuine Kind = iota // by the writer, never twice the same
	Skilled             // by a forger who has practised its shape: slower, with hesitations
	Shaky               // by the writer, with a tremor
)

// SampleTime is how many ms a generated pad lets pass between two points: 100
// readings a second.
const SampleTime = 10

// Generate writes signature n of a kind in the hand of a generated writer, the same
// for the same three. A random forgery is a genuine signature of another writer.
//
// A hand is strokes whose speed is lognormal in time and whose direction turns
// as they go (Plamondon 1995; O'Reilly and Plamondon 2009), each begun before the
// last has ended. The writer's number alone decides on the strokes; n decides on
// how far this signature strays from them.
func Generate(writer uint64, kind Kind, n uint64) Signature {
	h := handOf(writer)
	r := rand.New(rand.NewPCG(writer*3+uint64(kind), n))
	if kind == Skilled {
		h = h.imitated(r)
	} else {
		h = h.strayed(r)
	}
	return h.write(r, kind == Shaky)
}

// An impulse is one movement of the pen.
type impulse struct {
	length         float64 // mm
	from, to       float64 // direction at its begin and end, radians, upwards positive
	start          float64 // s
	median, spread float64 // of the lognormal: the logarithm's mean (of s) and deviation
	up             bool    // the pen is lifted meanwhile
}

// progress is the part of an impulse that is done at a time.
func (m impulse) progress(t float64) float64 {
	if t <= m.start {
		return 0
	}
	deviations := (math.Log(t-m.start) - m.median) / m.spread
	if deviations > 5 {
		return 1
	}
	return 0.5 * (1 + math.Erf(deviations/math.Sqrt2))
}

// moved is how far an impulse has brought the pen after a part of it: along an
// arc, since direction goes with progress.
func (m impulse) moved(part float64) (x, y float64) {
	turn := m.to - m.from
	if math.Abs(turn) < 1e-6 {
		return m.length * part * math.Cos(m.from), m.length * part * math.Sin(m.from)
	}
	now, radius := m.from+turn*part, m.length/turn
	return radius * (math.Sin(now) - math.Sin(m.from)), radius * (math.Cos(m.from) - math.Cos(now))
}

// A hand is how a writer signs.
type hand struct {
	impulses []impulse
	pressure float64 // mean, of MaxPressure
	rise     float64 // how much pressure changes with speed
	steady   float64 // 1 for a usual writer, more for one who strays further
}

func uniform(r *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }

// The ways in which a generated hand joins an upstroke and a downstroke: directions at
// begin and end, upright, radians.
var joins = [][2][2]float64{
	{{0.7, 1.9}, {-2.5, -0.9}},  // loop, as in l and e
	{{1.0, 1.2}, {-1.7, -0.9}},  // garland, as in u
	{{1.5, 0.6}, {-1.2, -1.8}},  // arcade, as in n
	{{1.1, 1.2}, {-1.5, -1.65}}, // angle, as in w
}

// handOf makes up the hand of a writer: a capital, some letters of up- and
// downstrokes, often a flourish; 9 to 20 impulses, with some lifts of the pen.
func handOf(writer uint64) hand {
	r := rand.New(rand.NewPCG(writer, 0x7369676e)) // "sign"
	h := hand{pressure: uniform(r, 0.35, 0.7), rise: uniform(r, -0.3, 0.1), steady: uniform(r, 0.7, 1.6)}
	size, slant, gap := uniform(r, 3.5, 7), uniform(r, -0.35, 0.15), uniform(r, 0.12, 0.17)
	add := func(length, from, to float64, up bool) {
		h.impulses = append(h.impulses, impulse{
			length: length,
			from:   from + r.NormFloat64()*0.15,
			to:     to + r.NormFloat64()*0.25,
			start:  float64(len(h.impulses))*gap + r.NormFloat64()*0.005,
			median: -1.9 + r.NormFloat64()*0.1,
			spread: uniform(r, 0.15, 0.3),
			up:     up,
		})
	}
	letters := 4 + r.IntN(5)
	for i := range letters {
		tall := size * math.Exp(r.NormFloat64()*0.3)
		if i == 0 {
			tall *= uniform(r, 1.6, 2.4)
		}
		way := joins[r.IntN(len(joins))]
		add(tall*uniform(r, 1, 1.2), way[0][0]+slant, way[0][1]+slant, false)
		add(tall*uniform(r, 0.85, 1.1), way[1][0]+slant, way[1][1]+slant, false)
		if i > 0 && r.IntN(4) == 0 {
			add(size*uniform(r, 0.6, 1.4), 0.5, 0.3, true)
		}
	}
	if r.IntN(3) > 0 {
		add(size*uniform(r, 2.5, 5), r.NormFloat64()*0.25, r.NormFloat64()*0.5, false)
	} else if h.impulses[len(h.impulses)-1].up {
		h.impulses = h.impulses[:len(h.impulses)-1]
	}
	return h
}

// vary changes the impulses: length by a share, directions by radians, starts by
// seconds; all are standard deviations.
func (h hand) vary(r *rand.Rand, length, turn, start float64) hand {
	impulses := make([]impulse, len(h.impulses))
	for i, m := range h.impulses {
		m.length *= 1 + r.NormFloat64()*length
		m.from += r.NormFloat64() * turn
		m.to += r.NormFloat64() * turn
		m.start = max(0, m.start+r.NormFloat64()*start)
		impulses[i] = m
	}
	h.impulses = impulses
	h.pressure *= 1 + r.NormFloat64()*0.05
	return h
}

// strayed is the hand as its writer uses it once: larger or smaller, turned a
// little, quicker or slower, and no impulse quite as planned.
func (h hand) strayed(r *rand.Rand) hand {
	h = h.vary(r, 0.05*h.steady, 0.05*h.steady, 0.008*h.steady)
	h.affine(1+r.NormFloat64()*0.04, r.NormFloat64()*0.03, math.Exp(r.NormFloat64()*0.04))
	return h
}

// imitated is the hand as another writer imitates it: the shape is roughly met,
// the time is not, and some impulses are made in two.
func (h hand) imitated(r *rand.Rand) hand {
	h = h.vary(r, 0.12, 0.12, 0.016)
	h.pressure *= uniform(r, 0.8, 1.25)
	h.rise = uniform(r, -0.3, 0.1)
	h.affine(1+r.NormFloat64()*0.06, r.NormFloat64()*0.05, uniform(r, 1.2, 1.6))
	var parts []impulse
	late := 0.0
	for _, m := range h.impulses {
		m.start += late
		if r.IntN(4) > 0 || m.up {
			parts = append(parts, m)
			continue
		}
		pause := uniform(r, 0.04, 0.12)
		late += pause
		share, middle := uniform(r, 0.4, 0.6), (m.from+m.to)/2
		first, second := m, m
		first.length, first.to = m.length*share, middle
		second.length, second.from, second.start = m.length*(1-share), middle, m.start+pause
		parts = append(parts, first, second)
	}
	h.impulses = parts
	return h
}

// affine makes all of it larger, turned and slower.
func (h *hand) affine(size, turn, slower float64) {
	for i := range h.impulses {
		m := &h.impulses[i]
		m.length *= size
		m.from, m.to = m.from+turn, m.to+turn
		m.start *= slower
		m.median += math.Log(slower)
	}
}

// A position is where the pen is, in mm, upwards positive.
type position struct {
	x, y   float64
	lifted bool
}

// at is where the pen is at a time, in s.
func (h hand) at(t float64) (p position) {
	for _, m := range h.impulses {
		part := m.progress(t)
		if part == 0 {
			continue
		}
		dx, dy := m.moved(part)
		p.x, p.y = p.x+dx, p.y+dy
		p.lifted = p.lifted || m.up && part > 0.12 && part < 0.88
	}
	return p
}

// path is where the pen is at each reading of the pad, from when the first impulse
// is under way until the last is over.
func (h hand) path() (path []position) {
	begin, end := math.Inf(1), 0.0
	for _, m := range h.impulses {
		begin = min(begin, m.start+math.Exp(m.median-2*m.spread))
		end = max(end, m.start+math.Exp(m.median+2*m.spread))
	}
	for k := range min(int((end-begin)/readingTime), MaxTime/SampleTime) {
		path = append(path, h.at(begin+float64(k)*readingTime))
	}
	return path
}

const readingTime = SampleTime / 1000.0 // s

// write puts the hand onto a pad: readings with the noise of a pad, and when the
// hand shakes a tremor of 8 to 12 Hz that swings by 3 % of the signature's height.
func (h hand) write(r *rand.Rand, shaky bool) Signature {
	path := h.path()
	left, low, high := path[0].x, path[0].y, path[0].y
	for _, p := range path {
		left, low, high = min(left, p.x), min(low, p.y), max(high, p.y)
	}
	swing, pitch, phase := 0.0, uniform(r, 8, 12), uniform(r, 0, 2*math.Pi)
	if shaky {
		swing = 0.03 * (high - low)
	}
	marginX, marginY := uniform(r, 4, 12), uniform(r, 4, 12) // mm to the pad's edges
	onPad := func(mm float64) uint16 { return uint16(min(max(mm*100+r.NormFloat64()*2, 0), MaxExtent)) }
	var s Signature
	last, down := path[0], false
	for k, p := range path {
		speed := math.Hypot(p.x-last.x, p.y-last.y) / readingTime // mm/s
		last = p
		phase += 2 * math.Pi * pitch * readingTime
		pitch = min(max(pitch+r.NormFloat64()*0.2, 8), 12)
		if p.lifted {
			down = false
			continue
		}
		if !down {
			s, down = append(s, nil), true
		}
		pressure := h.pressure*(1+h.rise*speed/100) + r.NormFloat64()*0.01
		s[len(s)-1] = append(s[len(s)-1], Point{
			X:        onPad(marginX + p.x + swing*math.Sin(phase) - left),
			Y:        onPad(marginY + high - p.y + swing*math.Cos(phase)),
			T:        uint16(k * SampleTime),
			Pressure: uint16(min(max(pressure*MaxPressure, 1), MaxPressure)),
		})
	}
	return s
}
