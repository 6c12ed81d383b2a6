package capture

import (
	"bytes"

	"github.com/posfleet/posfleet/sim/wire"
)

// Read is Cut, but of what is no message and consists of hexadecimal digits of
// messages, with or without a length prefix before them, it gives these: their
// octets are not those of b, and their place is that of the digits.
func Read(f *wire.Format, b []byte) []Frame {
	var frames []Frame
	for _, fr := range Cut(f, b) {
		if inner := inDigits(f, &fr); inner != nil {
			frames = append(frames, inner...)
		} else {
			frames = append(frames, fr)
		}
	}
	return frames
}

func inDigits(f *wire.Format, fr *Frame) []Frame {
	if fr.Err == nil {
		return nil
	}
	b := append(bytes.Clone(fr.Prefix), fr.Octets...)
	for _, at := range []int{0, f.Lead(), len(fr.Prefix)} {
		if at > len(b) || len(b)-at < 24 || (len(b)-at)%2 == 1 || bytes.ContainsFunc(b[at:], func(r rune) bool { return r > 'f' || !isHex(byte(r)) }) {
			continue
		}
		octets := make([]byte, (len(b)-at)/2)
		for i := range octets {
			octets[i] = nibble(b[at+2*i])<<4 | nibble(b[at+2*i+1])
		}
		frames := Cut(f, octets)
		if frames[0].Err != nil && (!frames[0].Likely() || frames[0].Fields() < Enough) {
			continue
		}
		for i := range frames {
			frames[i].At = fr.At
			frames[i].Note = and("it is sent as hexadecimal digits, two characters for each octet; octets are wanted", frames[i].Note)
		}
		return frames
	}
	return nil
}
