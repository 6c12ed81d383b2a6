package dialect

import (
	"regexp"
	"slices"

	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

// Download is something that terminals fetch from their host, by the network management
// codes of its messages.
type Download struct {
	Name        string
	Requirement byte   // digit 6 of the application header with which a host asks for it; 0 for none
	Query       string // asks which entries there are; empty where the download itself tells
	Load        string // fetches an entry, or some
	End         string
	Whole       bool // one answer has all of it, as text and nothing else
}

// DownloadNamed is the download of a name; nil for none.
func (d *Dialect) DownloadNamed(name string) *Download {
	for i := range d.Downloads {
		if d.Downloads[i].Name == name {
			return &d.Downloads[i]
		}
	}
	return nil
}

// Required is the download that a digit of the application header asks for; nil for none.
func (d *Dialect) Required(requirement byte) *Download {
	for i := range d.Downloads {
		if of := &d.Downloads[i]; requirement != 0 && of.Requirement == requirement {
			return of
		}
	}
	return nil
}

var requirementShape = regexp.MustCompile(`^[1-9a-f]$`)

// downloads reads what terminals fetch. The codes must be those of its messages.
func (r *reader) downloads(v strict.Value) {
	codes := map[Transaction][]string{}
	for _, f := range r.d.Forms {
		codes[f.Transaction] = f.ManagementCodes
	}
	for _, t := range []Transaction{DownloadLoad, DownloadEnd} {
		if _, has := codes[t]; !has {
			r.Fail(v, "the dialect has no %s among its transactions; what terminals fetch is left out by downloads: none", t)
			return
		}
	}
	r.Each(v, func(name string, v strict.Value) {
		of := Download{Name: name}
		var digit string
		found := r.Map(v, strict.Table{
			"requirement": r.Match(&digit, requirementShape, "a digit of the header, 1 to 9 or a to f"),
			"query":       r.Text(&of.Query), "load": r.Text(&of.Load), "end": r.Text(&of.End), "whole": r.Bool(&of.Whole),
		})
		r.Need(v, found, "load", "end")
		for code, t := range map[string]Transaction{of.Query: DownloadQuery, of.Load: DownloadLoad, of.End: DownloadEnd} {
			switch known, has := codes[t]; {
			case code == "" || slices.Contains(known, code):
			case !has:
				r.Fail(v, "the dialect has no %s among its transactions; %s: none leaves this one out", t, name)
			default:
				r.Fail(v, "%s is no management code of %s; add it there", strict.Quote(code), t)
			}
		}
		if digit != "" {
			of.Requirement = digit[0] - '0'
			if digit[0] > '9' {
				of.Requirement = digit[0] - 'a' + 10
			}
		}
		if of.Whole && of.Query != "" {
			r.Fail(v, "whole and query exclude each other: what is asked for entry by entry is not one text")
		}
		r.d.Downloads = append(r.d.Downloads, of)
	})
	if !r.d.Has(wire.Download) {
		r.Fail(v, "the dialect has no place for what is downloaded; add download to elements")
	}
}
