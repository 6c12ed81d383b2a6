package sim

import (
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// Of the limits for tapped cards that of the policy and that of the host the stricter one
// counts, and a host that has not all of them has none.
func TestStricterLimitOfATapCounts(t *testing.T) {
	entry := func(last string) []byte {
		return []byte("\x9F\x06\x08\xA0\x00\x00\x03\x33\x01\x01" + last)
	}
	const floor, most, verify = "\xDF\x19\x06\x00\x00\x00\x00\x50\x00", "\xDF\x20\x06\x00\x00\x00\x20\x00\x00", "\xDF\x21\x06\x00\x00\x00\x03\x00\x01" // 50.00, 2000.00, 300.01
	for name, row := range map[string]struct {
		offline, pinAbove int64
		entry             []byte
		want              tapLimits
	}{
		"nothing downloaded":        {100_00, 1000_00, nil, tapLimits{100_00, 0, 1000_01}},
		"the host is stricter":      {100_00, 1000_00, entry("\x02" + floor + most + verify), tapLimits{50_00, 2000_00, 300_01}},
		"the policy is":             {10_00, 200_00, entry("\x02" + floor + most + verify), tapLimits{10_00, 2000_00, 200_01}},
		"the policy has none":       {0, 0, entry("\x02" + floor + most + verify), tapLimits{0, 2000_00, 300_01}},
		"of another application":    {100_00, 1000_00, entry("\x01" + floor + most + verify), tapLimits{100_00, 0, 1000_01}},
		"one is missing":            {100_00, 1000_00, entry("\x02" + floor + verify), tapLimits{100_00, 0, 1000_01}},
		"one is an octet too short": {100_00, 1000_00, entry("\x02" + floor + most + "\xDF\x21\x05\x00\x00\x00\x03\x00"), tapLimits{100_00, 0, 1000_01}},
		"verified whatever the sum": {100_00, 1000_00, entry("\x02" + floor + most + "\xDF\x21\x06\x00\x00\x00\x00\x00\x00"), tapLimits{50_00, 2000_00, 1}},
	} {
		p := profile.Profile{Policy: profile.Policy{OfflineLimit: row.offline, TapPINAbove: row.pinAbove}}
		x := Terminal{Profile: &p}
		if row.entry != nil {
			x.keep().have(&loading{of: &dialect.Download{Name: "ic-parameters"}, entries: [][]byte{row.entry}})
		}
		if got := x.tapLimits(); got != row.want {
			t.Errorf("%s: %+v, want %+v", name, got, row.want)
		}
	}
}
