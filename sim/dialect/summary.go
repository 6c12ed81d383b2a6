package dialect

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/wire"
)

// Summary writes what the dialect has, for people who wrote its file.
func (d *Dialect) Summary(w io.Writer) {
	line := func(what, format string, args ...any) {
		fmt.Fprintf(w, "%-17s %s\n", what, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "%s: %s\n", d.Name, d.Title)
	line("framing", "%s", d.framed())
	fields, n := []string{}, 0
	for f := 2; f <= 128; f++ {
		if d.HasField(f) {
			fields, n = append(fields, strconv.Itoa(f)), n+1
		}
	}
	line("fields", "%d: %s", n, strings.Join(fields, " "))
	if len(d.Forms) == 0 {
		line("transactions", "none: it explains messages, and plays none")
		return
	}
	line("paired by", "%s", strings.Join(append([]string{"MTI"}, numbersOf(d.Pair)...), ", "))
	if at := d.Place(wire.Trace); at.Field > 0 && !slices.Contains(d.Pair, at.Field) {
		line("", "that is the same of all payments of a terminal: an answer that comes late is taken for the next one's; pair by the trace too (%d)", at.Field)
	}
	line("echoed", "%s", strings.Join(numbersOf(d.Echo), ", "))
	if d.MAC {
		line("MAC", "%s over %s", d.Algorithm, d.covered())
	} else {
		line("MAC", "none")
	}
	switch {
	case d.Form(SignIn) == nil:
		line("sign-in", "no logon")
	case d.KeyBlock == "":
		line("sign-in", "a logon without keys")
	default:
		line("sign-in", "block %s of working keys", d.KeyBlock)
		line("PIN blocks", "format %s", d.PINFormat)
	}
	if d.Currency != "" {
		line("currency", "%s, amounts with %d decimals", d.Currency, d.Exponent)
	}
	for i := range d.Forms {
		f := &d.Forms[i]
		tells := "MTI " + f.MTI
		for _, v := range f.tells {
			tells += fmt.Sprintf(", field %d %s", v.Field, v.Text)
		}
		if f.kind != "" {
			tells += ", type " + f.kind
		}
		if len(f.ManagementCodes) > 0 {
			tells += ", code " + strings.Join(f.ManagementCodes, " ")
		}
		line(f.Transaction.String(), "%s", tells)
	}
	line("codes", "%d", len(d.Codes))
	var lacks []string
	for e := range wire.Element(wire.Elements) {
		if !d.Has(e) {
			lacks = append(lacks, e.String())
		}
	}
	if len(lacks) > 0 {
		line("no place for", "%s", strings.Join(lacks, ", "))
	}
}

// covered says what the MAC is made over.
func (d *Dialect) covered() string {
	if d.Covers.Fields == nil {
		return "the message"
	}
	what := "the octets"
	if d.Covers.Values {
		what = "the values"
	}
	return what + " of fields " + strings.Join(numbersOf(d.Covers.Fields), ", ")
}

// numbersOf are fields by their numbers.
func numbersOf(fields []int) (all []string) {
	for _, n := range fields {
		all = append(all, strconv.Itoa(n))
	}
	return all
}

// framed says what stands around messages.
func (d *Dialect) framed() string {
	s := fmt.Sprintf("length %v", d.Length)
	if d.Length.Itself {
		s += " that counts itself"
	}
	if d.HTTP.Path != "" {
		s += "; HTTP POST to " + d.HTTP.Path
	}
	for _, o := range []struct{ what, octets string }{{"before it", d.Before}, {"after it", d.After}, {"at the end", d.Trailer}} {
		if o.octets != "" {
			s += fmt.Sprintf("; %s %X", o.what, o.octets)
		}
	}
	if d.LRC {
		s += "; check octet"
	}
	if d.Header.BaseI {
		return s + "; BASE I header"
	}
	tpdu, app := d.Head()[:d.Header.Len()-d.Header.App], d.Head()[d.Header.Len()-d.Header.App:]
	if len(tpdu) > 0 {
		s += fmt.Sprintf("; TPDU %X", tpdu)
	}
	if len(app) > 0 {
		s += fmt.Sprintf("; header %X", app)
	}
	return s
}
