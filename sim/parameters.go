package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// parametersDownload is what dialects call the download of what terminals are to do.
const parametersDownload = "parameters"

// obey has the terminal do as the parameters say that it has downloaded.
func (k *kept) obey(policy bool) {
	k.parameters = nil
	if l := k.loaded[parametersDownload]; l != nil && len(l.entries) == 1 {
		p := dialect.Parameters{SignsOff: policy}
		if dialect.ReadParameters(l.entries[0], &p) == nil {
			k.parameters = &p
		}
	}
}

// told are the parameters that it has downloaded; nil for none.
func (t *Terminal) told() *dialect.Parameters {
	if t.kept == nil {
		return nil
	}
	return t.kept.parameters
}

// bars says why the parameters that it has downloaded have it refuse an order.
func (t *Terminal) bars(o *Order) error {
	p := t.told()
	if p == nil {
		return nil
	}
	why := ""
	switch {
	case p.Barred>>o.Of&1 != 0:
		t.Display, why = "不支持该交易", "a "+o.Of.String()
	case p.NoTyping && o.Entry == Keyed:
		t.Display, why = "不允许手输卡号", "a number that is typed in"
	case p.NoTips && o.Of == dialect.Tip:
		t.Display, why = "不允许小费", "a tip"
	case o.Of == dialect.Tip && o.Original != nil && p.MostTip > 0 && 100*(o.Amount-o.Original.Amount) > p.MostTip*o.Original.Amount:
		t.Display, why = "小费超限", "a tip of more than "+strconv.FormatInt(p.MostTip, 10)+" %"
	default:
		return nil
	}
	return fmt.Errorf("%w: its parameters, as downloaded, do not allow %s", ErrRefusedLocally, why)
}

// Lists of card numbers' beginnings that terminals download, as dialects call them.
const (
	cardBlacklist  = "card-blacklist"   // cards that are not taken
	noPINBlacklist = "no-pin-blacklist" // cards whose PIN is wanted whatever the amount
)

// lists reports whether a list that the terminal has downloaded has the card.
func (t *Terminal) lists(name string, h *profile.Holder) bool {
	if t.kept == nil || h == nil {
		return false
	}
	l := t.kept.loaded[name]
	return l != nil && slices.ContainsFunc(l.entries, func(head []byte) bool { return len(head) > 0 && strings.HasPrefix(h.PAN, string(head)) })
}

// blacklisted says why a card that the terminal is not to take pays nothing.
func (t *Terminal) blacklisted(o *Order) error {
	if o.Entry == Code || o.Of.Original() != dialect.ToNone || !t.lists(cardBlacklist, o.Holder) {
		return nil
	}
	t.Display = "黑名单卡, 不受理"
	return fmt.Errorf("%w: the card is on the blacklist that it has downloaded", ErrRefusedLocally)
}

// tries is how often it sends a reversal, or an advice, before it gives it up.
func (t *Terminal) tries() int {
	if p := t.told(); p != nil && p.Tries > 0 {
		return p.Tries
	}
	return t.Profile.Policy.ReversalTries
}

// signsOff reports whether it signs off after a settlement.
func (t *Terminal) signsOff() bool {
	if p := t.told(); p != nil {
		return p.SignsOff
	}
	return t.Profile.Policy.AutoSignOff
}
