package jbig

// A template is the ten pixels before one that make its context: two on its own
// line and eight on the two lines above, or four and six on one line above
// (T.82, figures 4 and 5). The pixel furthest right, two columns on in the line
// above, is the adaptive one: it can be moved to the left on the pixel's own line.
type template struct {
	two      bool
	adaptive uint // its bit in a context
	repeat   uint // the context that is lent to the bit for lines that repeat
	least    int  // columns to the left at which the adaptive pixel is not one of the others
}

func templateOf(flags byte) template {
	if flags&twoLines != 0 {
		return template{two: true, adaptive: 4, repeat: 0x195, least: 5}
	}
	return template{adaptive: 2, repeat: 0x0e5, least: 3}
}

// A move sets the adaptive pixel, from a line on, so many columns to the left; 0
// is its own place.
type move struct{ line, columns int }

// lines codes the lines of a bitmap, and knows what goes from one stripe on to the next.
type lines struct {
	bitmap   *Bitmap
	template template
	typical  bool
	top      int  // lines above this one are forgotten: white
	repeated bool // whether the line before repeated the one above it
	columns  int  // where the adaptive pixel is; 0 is its own place
	moves    []move
}

// forget makes the lines above y white, as the line above the first one is.
func (l *lines) forget(y int) { l.top, l.columns, l.repeated = y, 0, false }

// above is the row n lines above y.
func (l *lines) above(y, n int) []byte {
	if y-n < l.top {
		return nil
	}
	return l.bitmap.row(y - n)
}

// code takes a stripe through the coder: an encoder reads the rows, a decoder
// writes them.
func (l *lines) code(c coder, from, to int) {
	for y := from; y < to; y++ {
		for _, m := range l.moves {
			if m.line == y {
				l.columns = m.columns
			}
		}
		row, above := l.bitmap.row(y), l.above(y, 1)
		if l.typical {
			// The bit tells whether this line is like the one before in repeating
			// or not (SLNTP); a decoder ignores the value that it is given.
			var value uint
			if same(row, above) == l.repeated {
				value = 1
			}
			if c.pixel(l.template.repeat, value) == 0 {
				l.repeated = !l.repeated
			}
			if l.repeated {
				copy(row, above)
				continue
			}
		}
		if l.template.two {
			l.codeTwo(c, row, above)
		} else {
			l.codeThree(c, row, above, l.above(y, 2))
		}
	}
}

// same tells whether two rows are alike; one that is not there is white.
func same(row, above []byte) bool {
	for i, b := range row {
		var a byte
		if above != nil {
			a = above[i]
		}
		if a != b {
			return false
		}
	}
	return true
}

// codeThree codes a row in the contexts of three lines: of the second line above
// the columns -1 to 1 (bits 9 to 7), of the line above -2 to 2 (6 to 2), of its own
// -2 and -1.
func (l *lines) codeThree(c coder, row, above, second []byte) {
	var own uint
	one := bit(above, 0)<<1 | bit(above, 1)
	two := bit(second, 0)
	for x := range l.bitmap.Width {
		one = (one<<1 | bit(above, x+2)) & 0x1f
		two = (two<<1 | bit(second, x+1)) & 0x07
		own = own<<1 | l.pixel(c, row, x, two<<7|one<<2|own&0x03)
	}
}

// codeTwo codes a row in the contexts of two lines: of the line above the columns
// -3 to 2 (bits 9 to 4), of its own -4 to -1.
func (l *lines) codeTwo(c coder, row, above []byte) {
	var own uint
	one := bit(above, 0)<<1 | bit(above, 1)
	for x := range l.bitmap.Width {
		one = (one<<1 | bit(above, x+2)) & 0x3f
		own = own<<1 | l.pixel(c, row, x, one<<4|own&0x0f)
	}
}

// pixel codes one, with the adaptive pixel of its context where that now is.
func (l *lines) pixel(c coder, row []byte, x int, context uint) uint {
	if l.columns > 0 {
		context = context&^(1<<l.template.adaptive) | bit(row, x-l.columns)<<l.template.adaptive
	}
	value := c.pixel(context, bit(row, x))
	row[x>>3] |= byte(value) << (7 - x&7)
	return value
}
