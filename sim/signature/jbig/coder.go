package jbig

// The adaptive arithmetic coder of T.82, 6.8 (the QM coder): the interval that
// stands for all so far is split in two for each pixel, the larger part as a rule
// for the value that the pixel's context has seen more often.

// A coder is the encoder or the decoder. Both go through the same pixels in the
// same contexts.
type coder interface {
	// pixel codes one: an encoder takes its value, a decoder tells it.
	pixel(context uint, value uint) uint
}

// contexts are how many neighbourhoods of ten pixels there are.
const contexts = 1 << 10

// state is what a context has learnt: a row of the table, and the likelier value.
type state struct{ row, likely uint8 }

// learn moves a context on after a value, where the interval had to be renewed.
func (s *state) learn(value uint) {
	row := &estimates[s.row]
	if value == uint(s.likely) {
		s.row = row.likely
		return
	}
	if row.flip {
		s.likely ^= 1
	}
	s.row = row.unlikely
}

// An encoder appends the octets of one stripe after another; contexts go on.
type encoder struct {
	states [contexts]state
	low    uint32 // 16 fractional bits, then 3 spare, 8 of the next octet, and a carry
	size   uint32 // of the interval, 0x8000 to 0x10000
	wait   int    // shifts until an octet is full
	out    []byte
}

func (e *encoder) start() { e.low, e.size, e.wait, e.out = 0, 0x10000, 11, e.out[:0] }

func (e *encoder) pixel(context, value uint) uint {
	s := &e.states[context]
	small := uint32(estimates[s.row].size)
	e.size -= small
	likely := value == uint(s.likely)
	if likely && e.size >= 0x8000 {
		return value
	}
	// The larger part goes to the likelier value, also where that is the upper one.
	if likely == (e.size < small) {
		e.low += e.size
		e.size = small
	}
	s.learn(value)
	for e.size < 0x8000 {
		e.size <<= 1
		e.low <<= 1
		if e.wait--; e.wait == 0 {
			e.put(e.low >> 19)
			e.low &= 1<<19 - 1
			e.wait = 8
		}
	}
	return value
}

// put appends an octet, whose ninth bit is carried into those before it.
func (e *encoder) put(octet uint32) {
	if octet > 0xff {
		for i := len(e.out) - 1; i >= 0; i-- {
			if e.out[i]++; e.out[i] != 0 {
				break
			}
		}
	}
	e.out = append(e.out, byte(octet))
}

// finish gives the octets of the stripe: those of the value within the interval
// that ends in the most zeros, and zeros at the end are left out.
func (e *encoder) finish() []byte {
	v := (e.low + e.size - 1) &^ 0xffff
	if v < e.low {
		v += 0x8000
	}
	v <<= e.wait
	e.put(v >> 19)
	e.put(v >> 11 & 0xff)
	end := len(e.out)
	for end > 0 && e.out[end-1] == 0 {
		end--
	}
	return e.out[:end]
}

// A decoder reads the octets of one stripe after another; contexts go on.
type decoder struct {
	states [contexts]state
	code   uint32 // what is read, less what was decided: 16 bits to compare, 16 to come
	size   uint32
	wait   int
	in     []byte
}

// start begins a stripe; behind its last octet all are zeros.
func (d *decoder) start(in []byte) {
	d.in, d.code, d.size = in, 0, 0x10000
	for range 3 {
		d.code = d.code<<8 | d.take()<<8
	}
	d.wait = 8
}

func (d *decoder) take() uint32 {
	if len(d.in) == 0 {
		return 0
	}
	c := d.in[0]
	d.in = d.in[1:]
	return uint32(c)
}

func (d *decoder) pixel(context, _ uint) uint {
	s := &d.states[context]
	small := uint32(estimates[s.row].size)
	d.size -= small
	upper := d.code>>16 >= d.size
	if !upper && d.size >= 0x8000 {
		return uint(s.likely)
	}
	value := uint(s.likely)
	if upper == (d.size >= small) {
		value ^= 1
	}
	if upper {
		d.code -= d.size << 16
		d.size = small
	}
	s.learn(value)
	for d.size < 0x8000 {
		if d.wait == 0 {
			d.code |= d.take() << 8
			d.wait = 8
		}
		d.size <<= 1
		d.code <<= 1
		d.wait--
	}
	return value
}
