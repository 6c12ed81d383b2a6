package host

import (
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
)

// A third track is of the card that pays, shows it where nothing else does, and is refused
// where it is no track, or is said to be enciphered and is not.
func TestThirdTrackIsOfTheCard(t *testing.T) {
	h, address := listen(t, "cup")
	p := ready(t, h, address, 0)
	const more = "=1561560500050000000012714000000000000000000000000000"
	for _, c := range []struct {
		name, want string
		fields     []field
	}{
		{"of the card", "00", []field{shows("good"), set(36, "996225000000000014"+more)}},
		{"alone", "00", []field{set(22, "022"), set(36, "996225000000000014"+more)}},
		{"of another card", "30", []field{shows("good"), set(36, "996225000090000510"+more)}},
		{"of no card", "14", []field{set(22, "022"), set(36, "996225999999999999"+more)}},
		{"without a separator", "30", []field{shows("good"), set(36, "996225000000000014")}},
		{"of a number that is none", "30", []field{shows("good"), set(36, "99622=500")}},
		{"not enciphered, as it is said to be", "30", []field{shows("good"), set(53, "0610000000000000"), set(36, "996225000000000014"+more)}},
	} {
		if got := p.do(dialect.Purchase, append([]field{amount(500)}, c.fields...)...); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
