package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/moov-io/iso8583"
)

// echoed are the fields that an answer brings back.
var echoed = []int{3, 4, 7, 11, 22, 23, 24, 25, 41, 42, 49, 60}

// answer does what m asks and says so.
func answer(m *iso8583.Message, b *book, now time.Time) *iso8583.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := iso8583.NewMessage(spec)
	mti, _ := m.GetMTI()
	a.MTI(mti[:2] + string(mti[2]+1) + mti[3:])
	for _, f := range echoed {
		if m.GetField(f) != nil {
			a.Field(f, text(m, f))
		}
	}
	a.Field(12, now.Format("150405"))
	a.Field(13, now.Format("0102"))
	a.Field(39, decide(mti, m, a, b, now))
	return a
}

// decide does what m asks, sets in a what an approval brings, and returns the
// response code.
func decide(mti string, m, a *iso8583.Message, b *book, now time.Time) string {
	function := text(m, 24)
	if mti == "0800" && function == "831" {
		return "00"
	}
	t := b.terminals[text(m, 41)]
	switch {
	case t == nil:
		return "97"
	case mti == "0800" && (function == "801" || function == "802"):
		t.signedOn = function == "801"
		clear(t.traces)
		return "00"
	case mti == "0800":
		return "12"
	}
	for _, f := range []int{3, 11, 42, 49} {
		if m.GetField(f) == nil {
			return "30"
		}
	}
	if !t.signedOn {
		return "77"
	}
	reference := b.reference()
	a.Field(15, now.Format("0102"))
	a.Field(37, reference)
	amount, _ := strconv.ParseInt(text(m, 4), 10, 64) // none is nothing
	if mti == "0400" {
		original := text(m, 90)
		if len(original) != 42 {
			return "30"
		}
		return b.reverse(t, original[4:10], original[10:20], amount)
	}
	card, expiry := text(m, 2), text(m, 14)
	if number, rest, ok := strings.Cut(strings.ReplaceAll(text(m, 35), "D", "="), "="); ok {
		card, expiry = number, rest
	}
	if code := refuse(card, expiry, now); code != "" {
		return code
	}
	e := &entry{account: card, amount: amount}
	code := "12"
	switch processing, _ := strconv.Atoi(text(m, 3)); { // moov takes its zeros off
	case mti == "0200" && processing/10000 == 31:
		a.Field(54, fmt.Sprintf("1002%sC%012d", text(m, 49), b.balance(card)))
		return "00"
	case !t.begin(text(m, 11), text(m, 7), e):
		return "94"
	case mti == "0200" && processing/10000 == 0:
		code = b.pay(e, reference)
	case mti == "0220" && processing/10000 == 20:
		code = b.refund(e, text(m, 37))
	}
	if code == "00" {
		a.Field(38, reference[6:])
	}
	return code
}

// refuse is the code for a card that no bank would take, or nothing.
func refuse(card, expiry string, now time.Time) string {
	sum := 0
	for i := range len(card) {
		n := int(card[len(card)-1-i] - '0')
		if i%2 == 1 {
			n = n*2/10 + n*2%10
		}
		sum += n
	}
	switch {
	case len(card) < 13 || sum%10 != 0:
		return "14"
	case len(expiry) >= 4 && expiry[:4] < now.Format("0601"):
		return "54"
	}
	return ""
}

// text is a field's value without blanks around it, empty when it is not there.
func text(m *iso8583.Message, field int) string {
	s, _ := m.GetString(field)
	return strings.TrimSpace(s)
}
