package main

import (
	"bytes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// settings is the file that says whom this host serves.
type settings struct {
	About    string   `json:"about"`
	Acquirer string   `json:"acquirer"` // number of the acquirer, digits
	Issuers  []string `json:"issuers"`  // how card numbers begin that have an issuer

	Terminals []struct {
		Terminal  string `json:"terminal"`
		Merchant  string `json:"merchant"`
		MasterKey string `json:"master_key"` // 32 hexadecimal digits
		MACKey    int    `json:"mac_key"`    // octets of the MAC key in a double-length block: 8 or 16
	} `json:"terminals"`

	Accounts []struct {
		About   string `json:"about"`
		Number  string `json:"number"`  // of the first card, without its check digit
		Cards   int    `json:"cards"`   // how many in a row; 1 when left away
		Expires string `json:"expires"` // YYMM
		PIN     string `json:"pin"`
		Fen     int64  `json:"fen"`     // what is in each account
		Most    int64  `json:"most"`    // most that one payment may take, in fen; 0 for no limit
		Scheme  string `json:"scheme"`  // three letters; CUP when left away
		QR      string `json:"qr"`      // payment code of the first one, counted up
		Decline string `json:"decline"` // code for whatever is asked
		Approve string `json:"approve"` // code of approvals; 00 when left away
	} `json:"accounts"`
}

// loadHost makes a host of a settings file.
func loadHost(name string) (*host, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var s settings
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	h := &host{
		acquirer:  s.Acquirer,
		terminals: map[string]*terminal{},
		bank:      bank{issuers: s.Issuers, cards: map[string]*account{}, codes: map[string]*account{}, byReference: map[string]*record{}, byApproval: map[string]*record{}},
	}
	if h.acquirer == "" || len(h.acquirer) > 11 || strings.Trim(h.acquirer, "0123456789") != "" {
		return nil, fmt.Errorf("%s: acquirer: want up to 11 digits", name)
	}
	for i, t := range s.Terminals {
		key, err := hex.DecodeString(t.MasterKey)
		if err != nil || len(key) != 16 || len(t.Terminal) != 8 || len(t.Merchant) != 15 {
			return nil, fmt.Errorf("%s: terminal %d: want a number of 8, a merchant of 15 and a key of 32 hexadecimal digits", name, i+1)
		}
		if h.terminals[t.Terminal] != nil {
			return nil, fmt.Errorf("%s: terminal %s stands twice", name, t.Terminal)
		}
		h.terminals[t.Terminal] = newTerminal(t.Terminal, t.Merchant, newCipher(key), t.MACKey == 16)
	}
	for i, a := range s.Accounts {
		number, err := strconv.ParseUint(a.Number, 10, 64)
		if err != nil || len(a.Number) < 12 || len(a.Number) > 18 || len(a.Expires) != 4 {
			return nil, fmt.Errorf("%s: account %d: want a number of 12 to 18 digits and an expiry of 4", name, i+1)
		}
		var code uint64
		if a.QR != "" {
			if code, err = strconv.ParseUint(a.QR, 10, 64); err != nil {
				return nil, fmt.Errorf("%s: account %d: qr is no number", name, i+1)
			}
		}
		for n := range uint64(max(a.Cards, 1)) {
			card := fmt.Sprintf("%0*d", len(a.Number), number+n)
			card += string(luhn(card))
			acct := &account{
				number: card, expires: a.Expires, pin: a.PIN, balance: a.Fen, most: a.Most,
				scheme: a.Scheme, decline: a.Decline, approve: a.Approve,
			}
			if acct.scheme == "" {
				acct.scheme = "CUP"
			}
			if acct.approve == "" {
				acct.approve = "00"
			}
			h.bank.cards[card] = acct
			if a.QR != "" {
				h.bank.codes[fmt.Sprintf("%0*d", len(a.QR), code+n)] = acct
			}
		}
	}
	return h, nil
}

// luhn is the check digit that belongs behind number.
func luhn(number string) byte {
	sum := 0
	for i := range number {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}

func newTerminal(id, merchant string, master cipher.Block, longMAC bool) *terminal {
	return &terminal{
		id: id, merchant: merchant, master: master, longMAC: longMAC,
		batch: 1, seen: map[slot]*record{},
	}
}
