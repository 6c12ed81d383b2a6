package fee

import (
	_ "embed"
	"sync"

	"github.com/posfleet/posfleet/sim/strict"
)

// Split is a fee by who gets it, in fen. The three add up to the fee.
type Split struct {
	Issuer   int64 // 发卡行服务费, of which the issuer pays the network its own share
	Network  int64 // 网络服务费, the acquirer's share of it
	Acquirer int64 // 收单服务费: the rest, below zero when the fee is less than the others ask
}

// Splits is what issuer and network ask of each sale, by class of merchant and day.
type Splits struct {
	issuer, network [classes]tariff
}

// Of shares the fee of a sale out. After a refund the split is that of what is left of
// the sale with what is kept of the fee; its difference from the split before is what
// each gives back.
func (s *Splits) Of(c Class, sale Sale, fee int64) Split {
	i, n := s.issuer[c].cost(sale), s.network[c].cost(sale)
	return Split{Issuer: i, Network: n, Acquirer: fee - i - n}
}

//go:embed splits.yaml
var bundledSplits []byte

// BundledSplits are the ceilings in force in China, from splits.yaml.
var BundledSplits = sync.OnceValue(func() *Splits {
	return must(ParseSplits("splits.yaml", bundledSplits))
})

// ParseSplits reads a file of shares. name stands for the file in errors, which say
// all that is wrong with it, with line, key and mend.
func ParseSplits(name string, data []byte) (*Splits, error) {
	r := reader{&strict.Reader{File: name, Empty: "posfleet's own splits.yaml is a start"}}
	s := &Splits{}
	if root, ok := r.Document(data); ok {
		var issuer, network, multipliers strict.Value
		found := r.Map(root, strict.Table{
			"issuer":      strict.Keep(&issuer),
			"network":     strict.Keep(&network),
			"multipliers": strict.Keep(&multipliers),
		})
		if r.Need(root, found, "issuer", "network"); r.OK() {
			r.shares(&s.issuer, issuer, multipliers)
			r.shares(&s.network, network, multipliers)
		}
	}
	return s, r.Err()
}

// shares reads what one party asks, and gives each class its multipliers.
func (r reader) shares(to *[classes]tariff, v, multipliers strict.Value) {
	lines := r.lines(v)
	if !r.OK() {
		return
	}
	for c := range classes {
		r.table(&to[c], v, lines, false)
	}
	if !multipliers.Given() {
		return
	}
	r.List(multipliers, func(v strict.Value) {
		class := classes
		m, found := r.promotion(v, strict.Table{"class": word(r, &class, classNames)})
		if found["rate"] != 0 {
			r.Fail(v, "rate, want a multiplier of the shares above")
		}
		if r.Need(v, found, "class"); class < classes {
			to[class].promotions = append(to[class].promotions, m)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // a bundled file is wrong; a test reads each
	}
	return v
}
