package chip

import (
	"slices"
	"strings"
	"sync"

	"github.com/posfleet/posfleet/sim/strict"
)

// families are the schemes that cards have as far as any source tells, a line each: the
// words of each key that go together. A tree of EMV2000 stands where the common session key
// does, which has taken its place.
const families = `
iad   cipher session                    card-key over             padding arpc arpc-key     code       balance    script-key       script-mac script-over script-cipher script-pin
pboc  3des   pboc                       a        cvr|short        2       1    session      characters true|false none|pboc        4|5|6|7|8  cryptogram  ecb           cryptograms|secrets
pboc  sm4    pboc                       a        cvr              2       1    session      characters true|false none|pboc        4|5|6|7|8  cryptogram  ecb           cryptograms|secrets
visa  3des   none                       a        cvr|short        1       1    card|session characters false      none|visa        4|5|6|7|8  cryptogram  ecb           cryptograms
visa  3des   common|emv2000-4|emv2000-2 a|b      iad              2       2    session      characters false      none|visa        4|5|6|7|8  cryptogram  ecb           cryptograms
visa  3des   common|emv2000-4|emv2000-2 a|b      iad              2       2    session      characters false      common-arqc      4|5|6|7|8  cryptogram  ecb           iso-2
visa  3des   common|emv2000-4|emv2000-2 a|b      iad              2       2    session      characters false      common-arqc      4|5|6|7|8  command     cbc-padded    iso-2
mchip 3des   mastercard                 a        cvr|cvr-counters 2       1    card         octets     false      none|common-arqc 4|5|6|7|8  cryptogram  cbc           iso-2
mchip 3des   common|emv2000-4|emv2000-2 a        cvr|cvr-counters 2       1    session      octets     false      none|common-arqc 4|5|6|7|8  cryptogram  cbc           iso-2
`

// unsaid is what a scheme's keys say that are left out.
var unsaid = map[string]string{"cipher": "3des", "card-key": "a", "over": "cvr", "padding": "2", "arpc": "1", "arpc-key": "session", "code": "characters", "balance": "false",
	"script-key": "none", "script-mac": "4", "script-over": "cryptogram", "script-cipher": "ecb", "script-pin": "cryptograms"}

// familyTable is that table: the keys, in the order in which they decide, and the words of
// each family for each.
var familyTable = sync.OnceValues(func() (keys []string, rows [][]string) {
	for line := range strings.Lines(strings.TrimSpace(families)) {
		rows = append(rows, strings.Fields(line))
	}
	return rows[0], rows[1:]
})

// says is what a scheme's file says: the word of each key, and where it stands.
type says struct {
	words  map[string]string
	at     map[string]strict.Value
	spoilt bool // a word is none that its key may have
}

// goTogether refuses a scheme whose words go together in no family: of two that do not
// the later one is told.
func (s *says) goTogether(r *strict.Reader, scheme strict.Value) {
	keys, fits := familyTable()
	commands := s.words["script-key"] != "" && s.words["script-key"] != "none"
	for i, key := range keys {
		at, given := s.at[key]
		if strings.HasPrefix(key, "script-") && key != "script-key" && !commands {
			if given {
				r.Fail(at, "without script-key there are no commands; give that, or leave %s away", key)
				return
			}
			continue
		}
		has := s.words[key]
		if !given {
			has = unsaid[key]
		}
		var wants []string
		fit := slices.DeleteFunc(slices.Clone(fits), func(row []string) bool {
			words := strings.Split(row[i], "|")
			wants = append(wants, words...)
			return !slices.Contains(words, has)
		})
		if len(fit) > 0 {
			fits = fit
			continue
		}
		slices.Sort(wants)
		want := strings.Join(slices.Compact(wants), " or ")
		if given {
			r.Fail(at, "no source has %s %s with %s; want %s", key, has, s.before(key), want)
		} else {
			r.Fail(scheme, "no source has %s %s, which it is when left out, with %s; write %[1]s: %[4]s", key, has, s.before(key), want)
		}
		return
	}
}

// before is what has been said when a key is read.
func (s *says) before(key string) string {
	of := "iad " + s.words["iad"]
	if s.words["cipher"] == "sm4" && key != "cipher" {
		of += " under SM4"
	}
	if key == "cipher" || key == "session" {
		return of
	}
	of += " and session " + s.words["session"]
	if strings.HasPrefix(key, "script-") && key != "script-key" {
		of += " and script-key " + s.words["script-key"]
	}
	return of
}
