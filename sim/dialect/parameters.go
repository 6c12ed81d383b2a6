package dialect

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/wire"
)

// Parameters are what a terminal does as it has downloaded, whatever its policy says. Source of codes and lengths: the CUP reconstruction, docs/sources.md.
type Parameters struct {
	NoTips, NoTyping bool
	SignsOff         bool   // after a settlement
	HoldsBack        bool   // what is told later: until the settlement
	MostTip          int64  // percent; 0 for any
	Tries            int    // of a reversal; 0 for as the policy says
	Barred           uint64 // transactions that it does not do
}

// parameterLengths are how many characters follow each code, of those that are known.
var parameterLengths = map[string]int{"11": 2, "12": 2, "13": 1, "14": 14, "15": 14, "16": 14, "17": 14, "18": 1, "19": 2, "20": 1, "21": 1, "22": 40,
	"23": 1, "24": 1, "25": 1, "26": 4}

// orderOfBits are the transactions of the map in parameter 26, from its highest bit on.
var orderOfBits = [...]Transaction{Balance, Purchase, PurchaseVoid, Refund, PreAuth, PreAuthVoid,
	Completion, CompletionVoid}

// ReadParameters reads codes of two digits with their values, up to one that is a maker's own.
func ReadParameters(text []byte, p *Parameters) error {
	for len(text) > 0 {
		if len(text) < 2 || !wire.IsDigits(text[:2]) {
			return fmt.Errorf("parameters end within a code, %d octets before their end", len(text))
		}
		code := string(text[:2])
		n, known := parameterLengths[code]
		if !known {
			return nil
		}
		if len(text) < 2+n {
			return fmt.Errorf("parameter %s has %d octets, want %d", code, len(text)-2, n)
		}
		value := text[2 : 2+n]
		text = text[2+n:]
		if code == "26" {
			if !slices.ContainsFunc(value, func(c byte) bool { return !strings.ContainsRune("0123456789ABCDEFabcdef", rune(c)) }) {
				return nil // as text it is longer, and how long no public source says
			}
			for i, of := range orderOfBits {
				if value[0]<<i&0x80 == 0 {
					p.Barred |= 1 << of
				}
			}
			continue
		}
		number, err := strconv.ParseInt(string(value), 10, 64)
		switch code {
		case "14", "15", "16", "17", "22": // text
			continue
		}
		if err != nil || !wire.IsDigits(value) {
			return fmt.Errorf("parameter %s is %q, want digits", code, value)
		}
		switch code {
		case "18":
			p.NoTips = number == 0
		case "19":
			p.MostTip = number
		case "20":
			p.NoTyping = number == 0
		case "21":
			p.SignsOff = number != 0
		case "23":
			p.Tries = int(number)
		case "24":
			p.HoldsBack = number == 0
		}
	}
	return nil
}

// ParameterValue is the value of a parameter as terminals download it, from how people write
// it: a map of transactions in hexadecimal, all else as it is. An error says what it should be.
func ParameterValue(code, text string) ([]byte, error) {
	n, known := parameterLengths[code]
	if !known {
		return nil, fmt.Errorf("no parameter %q: want 11 to 26", code)
	}
	value := []byte(text)
	if code == "26" {
		var err error
		if value, err = hex.DecodeString(text); err != nil {
			return nil, fmt.Errorf("parameter 26: want 8 hexadecimal digits, a bit for each transaction")
		}
	}
	if len(value) != n {
		return nil, fmt.Errorf("parameter %s: want %d octets", code, n)
	}
	return value, ReadParameters(append([]byte(code), value...), new(Parameters))
}
