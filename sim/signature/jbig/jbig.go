// Package jbig packs and reads bilevel images as terminals send them for a
// signature: ITU-T T.82 (JBIG) with one plane and one resolution, line by line,
// which is the profile of ITU-T T.85.
//
// [Encode] makes the octets of a [Bitmap], [Decode] reads them. Both stand on one
// adaptive arithmetic coder (coder.go) and one way to see a pixel's neighbours
// (template.go). What the profile lacks (planes, resolutions, tables of one's own)
// is refused by [Decode], and so is an image of more than [MaxPixels], before
// anything is allocated for it.
package jbig

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxPixels is how many pixels a bitmap has at most: 1,048,576, which is 128 KiB.
const MaxPixels = 1 << 20

// A Bitmap is an image of black on white.
type Bitmap struct {
	Width, Height int // pixels
	// Bits are the pixels row by row from the top, eight to an octet, the leftmost
	// in the highest bit, 1 for black. Each row begins a new octet; the bits after
	// its end are 0. A PBM file of kind P4 has the same.
	Bits []byte
}

// NewBitmap makes a white bitmap. Sizes below one or above [MaxPixels] panic:
// they are constants or were checked.
func NewBitmap(width, height int) *Bitmap {
	if err := checkSize(int64(width), int64(height)); err != nil {
		panic(err)
	}
	return &Bitmap{Width: width, Height: height, Bits: make([]byte, (width+7)/8*height)}
}

// checkSize holds a size to the bounds; rows of padding count.
func checkSize(width, height int64) error {
	if width < 1 || height < 1 || width > MaxPixels || height > MaxPixels || (width+7)/8*8*height > MaxPixels {
		return fmt.Errorf("an image of %d × %d pixels: want at least 1 × 1 and at most %d pixels in all, rows rounded up to octets", width, height, MaxPixels)
	}
	return nil
}

// stride is how many octets a row has.
func (b *Bitmap) stride() int { return (b.Width + 7) / 8 }

// row is row y, or nil above the image.
func (b *Bitmap) row(y int) []byte {
	if y < 0 {
		return nil
	}
	return b.Bits[y*b.stride() : (y+1)*b.stride()]
}

// Black tells whether a pixel is black; outside the bitmap all is white.
func (b *Bitmap) Black(x, y int) bool {
	return x >= 0 && y >= 0 && x < b.Width && y < b.Height && bit(b.row(y), x) == 1
}

// Blacken makes a pixel black; outside the bitmap it does nothing.
func (b *Bitmap) Blacken(x, y int) {
	if x >= 0 && y >= 0 && x < b.Width && y < b.Height {
		b.row(y)[x>>3] |= 0x80 >> (x & 7)
	}
}

// bit is pixel x of a row, 0 beyond its ends and in a row that is not there.
func bit(row []byte, x int) uint {
	if x < 0 || x>>3 >= len(row) {
		return 0
	}
	return uint(row[x>>3]>>(7-x&7)) & 1
}

// Octets of the format (T.82, table 11).
const (
	escape  = 0xff // begins a marker
	stuff   = 0x00 // after an escape that is data
	endKeep = 0x02 // SDNORM: the stripe ends
	endDrop = 0x03 // SDRST: the stripe ends, and what was learnt is forgotten
	abort   = 0x04 // ABORT
	newLen  = 0x05 // NEWLEN: the height, in four octets
	atMove  = 0x06 // ATMOVE: line (4), columns (1), rows (1)
	comment = 0x07 // COMMENT: length (4), and so many octets
)

// headerLen is how long the header of an image is (T.82, 6.2).
const headerLen = 20

// Bits of the header's last octet (T.82, table 9).
const (
	lastTable  = 0x01 // DPLAST
	ownTable   = 0x02 // DPPRIV
	hasTable   = 0x04 // DPON: of no use with one resolution
	typical    = 0x08 // TPBON: a line that repeats the one above costs a bit
	typicalD   = 0x10 // TPDON: of no use with one resolution
	lengthOpen = 0x20 // VLENGTH: NEWLEN may follow
	twoLines   = 0x40 // LRLTWO
)

// Options say how an image is packed. The zero value is a good choice.
type Options struct {
	TwoLines bool // contexts from two lines instead of three: quicker, larger
	Plain    bool // code each line, also one that repeats the line above
	Stripe   int  // lines to a stripe; 0 for all in one
}

// Encode packs a bitmap. It panics where the bitmap is not one: sizes and bits do
// not agree, or bits are set after the end of a row. [NewBitmap] and
// [Bitmap.Blacken] make none such.
func Encode(b *Bitmap, o Options) []byte {
	if checkSize(int64(b.Width), int64(b.Height)) != nil || len(b.Bits) != b.stride()*b.Height {
		panic(fmt.Sprintf("jbig: a bitmap of %d × %d pixels has %d octets", b.Width, b.Height, len(b.Bits)))
	}
	for y := range b.Height {
		if row := b.row(y); row[len(row)-1]<<(b.Width&7) != 0 && b.Width&7 != 0 {
			panic(fmt.Sprintf("jbig: bits are set after the end of row %d", y))
		}
	}
	stripe := o.Stripe
	if stripe < 1 || stripe > b.Height {
		stripe = b.Height
	}
	flags := byte(typical)
	if o.Plain {
		flags = 0
	}
	if o.TwoLines {
		flags |= twoLines
	}
	out := []byte{0, 0, 1, 0} // resolutions 0 to 0, one plane
	for _, v := range []int{b.Width, b.Height, stripe} {
		out = binary.BigEndian.AppendUint32(out, uint32(v))
	}
	out = append(out, 0, 0, 0, flags) // the adaptive pixel stays; one plane needs no order
	e := &encoder{}
	lines := lines{bitmap: b, template: templateOf(flags), typical: flags&typical != 0}
	for y := 0; y < b.Height; {
		e.start()
		lines.code(e, y, min(y+stripe, b.Height))
		y = min(y+stripe, b.Height)
		out = append(appendStuffed(out, e.finish()), escape, endKeep)
	}
	return out
}

// appendStuffed appends data with each escape in it marked as data.
func appendStuffed(out, data []byte) []byte {
	for _, c := range data {
		if out = append(out, c); c == escape {
			out = append(out, stuff)
		}
	}
	return out
}

// ErrAborted is the error for an image whose sender gave up (ABORT).
var ErrAborted = errors.New("the sender gave the image up")

// header is what stands before the stripes.
type header struct {
	width, height, stripe int64
	flags                 byte
}

// readHeader reads and checks the first twenty octets.
func readHeader(b []byte) (h header, err error) {
	if len(b) < headerLen {
		return h, fmt.Errorf("%d octets, a header has %d", len(b), headerLen)
	}
	u32 := func(at int) int64 { return int64(binary.BigEndian.Uint32(b[at:])) }
	h = header{u32(4), u32(8), u32(12), b[19]}
	switch {
	case b[0] != 0 || b[1] != 0:
		return h, fmt.Errorf("resolutions %d to %d: only an image in one resolution is read", b[0], b[1])
	case b[2] != 1:
		return h, fmt.Errorf("%d planes: only one, black on white, is read", b[2])
	case b[3] != 0:
		return h, fmt.Errorf("octet 3 of the header is %02X, want 00", b[3])
	case b[17] != 0:
		return h, fmt.Errorf("the adaptive pixel may rise %d lines: only one on its own line is read", b[17])
	case h.flags&0x80 != 0:
		return h, fmt.Errorf("options %02X: the highest bit is not of this format", h.flags)
	case h.flags&(hasTable|ownTable|lastTable) == hasTable|ownTable:
		return h, errors.New("options name a table of the sender's own: not read")
	case h.stripe < 1:
		return h, errors.New("stripes of no lines")
	}
	if h.flags&lengthOpen != 0 { // the height may be a bound alone, and a stripe's too
		return h, checkSize(h.width, 1)
	}
	return h, checkSize(h.width, h.height)
}

// Decode reads an image. Octets after its last line are ignored. Errors tell the octet
// where reading stopped.
func Decode(b []byte) (*Bitmap, error) {
	h, err := readHeader(b)
	if err != nil {
		return nil, fmt.Errorf("jbig: %w", err)
	}
	r := reader{
		octets: b, at: headerLen, height: h.height,
		lines: lines{bitmap: &Bitmap{Width: int(h.width)}, template: templateOf(h.flags), typical: h.flags&typical != 0},
	}
	for int64(r.lines.bitmap.Height) < r.height {
		if err := r.stripe(h); err != nil {
			return nil, fmt.Errorf("jbig: octet %d: %w", r.at, err)
		}
	}
	// A new length after the last stripe cuts it.
	for h.flags&lengthOpen != 0 && len(b)-r.at >= 6 && b[r.at] == escape && b[r.at+1] == newLen {
		if err := r.marker(h); err != nil {
			return nil, fmt.Errorf("jbig: octet %d: %w", r.at, err)
		}
	}
	image := r.lines.bitmap
	if r.height < 1 {
		return nil, errors.New("jbig: an image of no lines")
	}
	image.Height = int(r.height)
	image.Bits = image.Bits[:image.stride()*image.Height]
	return image, nil
}

// A reader goes through the stripes of an image.
type reader struct {
	octets  []byte
	at      int
	height  int64
	lines   lines
	decoder decoder
	data    []byte // of one stripe, escapes taken out
}

// stripe reads one: markers first, then data up to the marker that ends it.
func (r *reader) stripe(h header) error {
	r.lines.moves = r.lines.moves[:0]
	for r.at+1 < len(r.octets) && r.octets[r.at] == escape && r.octets[r.at+1] >= abort {
		if err := r.marker(h); err != nil {
			return err
		}
	}
	from := r.lines.bitmap.Height
	rows := min(h.stripe, r.height-int64(from))
	if rows < 1 { // a new length says that there are no more
		return nil
	}
	end, err := r.takeData()
	if err != nil {
		return err
	}
	image := r.lines.bitmap
	if err := checkSize(h.width, int64(from)+rows); err != nil {
		return err
	}
	image.Height += int(rows)
	image.Bits = append(image.Bits, make([]byte, image.stride()*int(rows))...)
	r.decoder.start(r.data)
	r.lines.code(&r.decoder, from, image.Height)
	if end == endDrop {
		r.decoder = decoder{}
		r.lines.forget(image.Height)
	}
	return nil
}

// takeData puts the stripe's data into r.data and tells the marker that ends it.
func (r *reader) takeData() (end byte, err error) {
	r.data = r.data[:0]
	for ; r.at+1 < len(r.octets); r.at++ {
		c := r.octets[r.at]
		if c != escape {
			r.data = append(r.data, c)
			continue
		}
		r.at++
		switch m := r.octets[r.at]; m {
		case stuff:
			r.data = append(r.data, escape)
		case endKeep, endDrop:
			r.at++
			return m, nil
		case abort:
			return 0, ErrAborted
		default:
			return 0, fmt.Errorf("marker %02X within a stripe", m)
		}
	}
	return 0, fmt.Errorf("the octets end within the stripe that begins with line %d", r.lines.bitmap.Height)
}

// marker reads one that stands between stripes.
func (r *reader) marker(h header) error {
	rest := r.octets[r.at+2:]
	long := map[byte]int{newLen: 4, atMove: 6, comment: 4}[r.octets[r.at+1]]
	if len(rest) < long {
		return fmt.Errorf("the octets end within marker %02X", r.octets[r.at+1])
	}
	switch m := r.octets[r.at+1]; m {
	case abort:
		return ErrAborted
	case newLen:
		height := int64(binary.BigEndian.Uint32(rest))
		if h.flags&lengthOpen == 0 || height > r.height {
			return fmt.Errorf("a new height of %d lines, after %d: not allowed here", height, r.height)
		}
		r.height = height
	case atMove:
		line, columns, rise := int64(binary.BigEndian.Uint32(rest)), rest[4], rest[5]
		if line >= h.stripe || rise != 0 || columns > 127 || columns > 0 && int(columns) < r.lines.template.least {
			return fmt.Errorf("the adaptive pixel moves to (%d, %d) at line %d: not a place for it", columns, rise, line)
		}
		if len(r.lines.moves) == 4 {
			return errors.New("the adaptive pixel moves more than four times in a stripe")
		}
		r.lines.moves = append(r.lines.moves, move{r.lines.bitmap.Height + int(line), int(columns)})
	case comment:
		size := int64(binary.BigEndian.Uint32(rest))
		if size > int64(len(rest)-4) {
			return fmt.Errorf("a comment of %d octets, of which %d are there", size, len(rest)-4)
		}
		long += int(size)
	default:
		return fmt.Errorf("marker %02X is not of this format", m)
	}
	r.at += 2 + long
	return nil
}
