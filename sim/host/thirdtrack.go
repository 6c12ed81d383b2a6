package host

import (
	"bytes"

	"github.com/posfleet/posfleet/sim/wire"
)

// readThirdTrack reads track 3: two digits of format, number, separator and more (ISO/IEC 4909).
// It is of the card that the request shows in other ways; where there is none it shows it.
// Field 53 says whether it is enciphered.
func (h *Host) readThirdTrack(req *Request, track []byte) bool {
	if v := req.Message.Get(wire.SecurityControl); len(v) >= 3 && v[2] == '1' {
		key := req.keys.Track
		if key == nil {
			return false
		}
		var err error
		if track, err = key.DecryptTrack(track); err != nil {
			return false
		}
	}
	end := bytes.IndexAny(track, "D=")
	if end < 2+8 || end > 2+19 || !allDigits(track[:end]) {
		return false
	}
	pan := track[2:end]
	if req.pan == nil {
		req.pan = pan
	}
	return bytes.Equal(req.pan, pan)
}
