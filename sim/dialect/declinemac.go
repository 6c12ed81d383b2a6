package dialect

import "fmt"

// DeclineMAC is what the MAC of an answer that declines must be. Hosts differ:
// most send none, since nothing is booked that an answer could lie about.
type DeclineMAC uint8

const (
	MACIfPresent DeclineMAC = iota // none, or a right one
	MACRequired                    // a right one, wherever terminal and host have a key in common
	MACIgnored                     // it is not looked at
)

var declineMACs = [...]string{MACIfPresent: "if-present", MACRequired: "required", MACIgnored: "ignored"}

// ParseDeclineMAC reads what String writes.
func ParseDeclineMAC(name string) (DeclineMAC, error) {
	for m, n := range declineMACs {
		if n == name {
			return DeclineMAC(m), nil
		}
	}
	return 0, fmt.Errorf("MAC of declines %q, want required, if-present or ignored", name)
}

// String gives the name that profiles write.
func (m DeclineMAC) String() string { return declineMACs[m] }
