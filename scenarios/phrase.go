package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// Phrase is one sentence of the language. Its patterns hold placeholders in
// braces, whose kinds are in the table placeholders.
type Phrase struct {
	Group     string // heading in docs/steps.md
	English   string
	Chinese   string
	Was       string // Chinese of before, read for one release; empty for none
	Doc       string
	Table     string              // the columns of the table that must follow; empty for none
	Of        dialect.Transaction // what it asks of the host; the zero one, sign-in, for nothing else
	Names     bool                // it asks for the {transaction} that it names
	Logon     bool                // is about signing in: a network without a logon has no use for it
	Role      string              // of the card that it uses when it names none; empty for none
	Refuses   bool                // says that the terminal refuses: what the scenario asks of it is not allowed
	Asserts   bool                // says what has come of what was asked, or has not
	Undone    bool                // says that a payment was undone
	Rejects   bool                // says that an answer is not as it must be
	Watches   bool                // compares balances: nobody else may use the card meanwhile
	Card      bool                // reads a card: a QR box cannot play it
	Waits     bool                // lets time pass in which nothing is exchanged
	Admin     bool                // asks the host's admin API: its Make may keep a.Admin
	Faults    bool                // makes the line fail: needs a line of the terminal's own
	Request   requestOf           // its table is of a request, and of which
	Lingers   bool                // listens for what comes after the last answer
	CheckOnly bool                // looks at messages of the past: only a check plays it
	// Make binds what a sentence says and gives what a terminal then does; an
	// error that is a [Need] says that the network lacks what it takes. Load is for
	// @load scenarios instead, and puts it into the run.
	Make func(a Args) (func(*sim.Player) error, error)
	Load func(load *Load, a Args) error

	patterns []pattern // English, Chinese, and Chinese of before if there is one
}

// Args are what a sentence says beyond its phrase, checked when it is bound.
type Args struct {
	Profile *profile.Profile
	Admin   *Admin              // the host's; nil when it has none that is known
	Of      dialect.Transaction // the phrase's, or the one that is named
	Words   map[string][]string // what fills the placeholders, by their kind, in order
	Table   [][]string          // heading row first
}

// placeholders are the patterns of what may fill a {kind}.
var placeholders = map[string]string{
	"amount":     `(\d+(?:\.\d{1,3})?)`,
	"n":          `(\d+)`,
	"percent":    `(\d+(?:\.\d+)?)`,
	"role":       `["“]?([\p{L}][\p{L}\d-]*?)["”]?`,
	"text":       `["“]([^"“”]*)["”]`,
	"how":        oneOf(cardReading),
	"chipfault":  oneOf(chipFaults),
	"oda":        oneOf(odaMethods),
	"odafailure": oneOf(odaFailures),
	"verified":   oneOf(tapWays),
	"fault":      oneOf(faults),
	"flaw":       oneOf(flaws),
	"misfit":     oneOf(misfits),
	"channel":    oneOf(channels),
	"deed":       oneOf(deeds),
	"part":       oneOf(partWords),
	"trouble":    oneOf(troubles),

	"transaction": `["“]?([\p{L}][\p{L}-]*?)["”]?`,
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// Phrases is the language.
func Phrases() []*Phrase { return phrases() }

// phrases is made once.
var phrases = sync.OnceValue(func() []*Phrase {
	var all []*Phrase
	for _, group := range [][]*Phrase{terminalPhrases(), operatorPhrases(), devicePhrases(), masterKeyPhrases(), linePhrases(), flawPhrases(), networkPhrases(), paymentPhrases(), partialPhrases(), transactionPhrases(), chipPhrases(), cashPhrases(), downloadPhrases(), sessionPhrases(), orderPhrases(), codePhrases(), payerPhrases(), misnamedPhrases(), signaturePhrases(), settlementPhrases(), reprintPhrases(), bankPhrases(), merchantPhrases(), payoutPhrases(), clockPhrases(), asserting(answerPhrases()), asserting(messagePhrases()), loadPhrases()} {
		all = append(all, group...)
	}
	for _, p := range all {
		for _, words := range []string{p.English, p.Chinese, p.Was} {
			if words != "" {
				p.patterns = append(p.patterns, compilePattern(words))
			}
		}
	}
	return all
})

// asserting marks phrases that all say what has come of what was asked.
func asserting(phrases []*Phrase) []*Phrase {
	for _, p := range phrases {
		p.Asserts = true
	}
	return phrases
}

// pattern is a phrase in one language, compiled.
type pattern struct {
	compiled func() *regexp.Regexp // when it is first tried: few are
	first    string                // word of what it matches, of Chinese the first letter; empty where a place comes first
	kinds    []string              // of its placeholders, in order
}

// marks are those that a Chinese keyboard has of its own, beside the ones of ASCII.
var marks = []string{",，", ":：", "(（", ")）", "%％"}

// loose is words as a pattern. Between Chinese letters, and around what fills a
// place, writers leave blanks or not, and have marks of their own.
func loose(words string, chinese bool) string {
	if !chinese {
		return regexp.QuoteMeta(words)
	}
	var b strings.Builder
	for _, c := range words {
		if c == ' ' {
			continue
		}
		one := regexp.QuoteMeta(string(c))
		for _, either := range marks {
			if strings.ContainsRune(either, c) {
				one = "[" + either + "]"
			}
		}
		b.WriteString(one + `[ \x{3000}]*`)
	}
	return b.String()
}

// blanks are those around what fills a place in Chinese.
func blanks(chinese bool) string {
	if chinese {
		return `[ \x{3000}]*`
	}
	return ""
}

// compilePattern makes the regular expression of a phrase.
func compilePattern(phrase string) pattern {
	var b strings.Builder
	var kinds []string
	at := 0
	chinese := isChinese(phrase)
	for _, m := range placeholder.FindAllStringSubmatchIndex(phrase, -1) {
		words := loose(phrase[at:m[0]], chinese)
		b.WriteString(strings.TrimSuffix(words, " a ") + map[bool]string{true: " an? "}[strings.HasSuffix(words, " a ")])
		kind := phrase[m[2]:m[3]]
		b.WriteString(placeholders[kind] + blanks(chinese))
		kinds = append(kinds, kind)
		at = m[1]
		if rest, ok := strings.CutPrefix(phrase[at:], " yuan"); ok && kind == "amount" {
			b.WriteString(" (yuan|[A-Z]{3})") // or the letters of the dialect's currency
			kinds = append(kinds, "unit")
			at = len(phrase) - len(rest)
		}
	}
	b.WriteString(loose(phrase[at:], chinese))
	first := phrase[:strings.IndexFunc(phrase+" ", func(c rune) bool { return c == '{' || c == ' ' })]
	if chinese {
		first = first[:min(len(first), len("中"))]
	}
	whole := `^` + b.String() + `$`
	return pattern{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(whole) }), first, kinds}
}

// match is what fills the placeholders in a sentence, in their order, from number 1
// on; nil when the sentence is not the phrase.
func (p *pattern) match(sentence string) []string {
	if !strings.HasPrefix(sentence, p.first) {
		return nil
	}
	return p.compiled().FindStringSubmatch(sentence)
}

// words are what fills the placeholders of a match, by their kind.
func (p *pattern) words(match []string) map[string][]string {
	words := map[string][]string{}
	for i, kind := range p.kinds {
		words[kind] = append(words[kind], match[i+1])
	}
	return words
}

// Has reports whether the phrase has a placeholder of this kind.
func (a Args) Has(kind string) bool { return len(a.Words[kind]) > 0 }

// Quoted is the {text} number i.
func (a Args) Quoted(i int) string { return a.Words["text"][i] }

// Amount is the {amount} number i in the minor units of the network's currency.
func (a Args) Amount(i int) (int64, error) {
	d := a.Profile.Dialect
	v, err := d.ParseAmount(a.Words["amount"][i])
	if err != nil && d.Exponent != 2 { // right where features are written
		return 0, lack("%v", err)
	}
	return v, err
}

// units holds what amounts are said to be in to the network's currency. Yuan are
// whatever it is, so that the same scenarios play in any network.
func (a Args) units() error {
	d := a.Profile.Dialect
	for _, said := range a.Words["unit"] {
		if said != "yuan" && said != d.Unit() && !(said == "CNY" && d.Unit() == "yuan") {
			return fmt.Errorf("amounts of dialect %s are %s, the scenario says %s; write that, or yuan, which stands for any", d.Name, d.Unit(), said)
		}
	}
	return nil
}

// Int is the {n} number i.
func (a Args) Int(i int) (int, error) {
	text := a.Words["n"][i]
	n, err := strconv.Atoi(text)
	if err != nil || n > 10_000_000 {
		return 0, fmt.Errorf("number %s is too large", text)
	}
	return n, nil
}

// Holders are the cardholders of the {role}, in either language. For a role that
// features may name and this profile does not have the error is a [Need].
func (a Args) Holders() ([]profile.Holder, error) { return holders(a.Profile, a.Words["role"][0]) }

func holders(p *profile.Profile, role string) ([]profile.Holder, error) {
	role = roleInEnglish(role)
	hs := p.Holders(role)
	switch {
	case len(hs) > 0:
		return hs, nil
	case profile.Known(role):
		return nil, &Need{"the profile has no card of role", role}
	}
	return nil, fmt.Errorf("profile %s has no card in the role %q%s", p.Name, role, nearestRole(p, role))
}

// nearestRole suggests the roles that the profile has, the likeliest first.
func nearestRole(p *profile.Profile, role string) string {
	var roles []string
	for _, c := range p.Cards {
		roles = append(roles, roleLike(c.Role, role))
	}
	if len(roles) == 0 {
		return ""
	}
	slices.SortStableFunc(roles, func(a, b string) int { return shared(role, b) - shared(role, a) })
	if shared(role, roles[0]) < 0 {
		return "; it has " + strings.Join(roles, ", ")
	}
	return fmt.Sprintf("; the nearest is %q, it has %s", roles[0], strings.Join(roles, ", "))
}

// differing is the part of a sentence in which it differs from a phrase, as words; and
// what may stand there where the phrase leaves a place.
func differing(sentence, phrase string) string {
	if isChinese(phrase) {
		return misplaced(sentence, phrase)
	}
	said, want := strings.Fields(sentence), strings.Fields(phrase)
	for len(said) > 0 && len(want) > 0 && (said[0] == want[0] || strings.HasPrefix(want[0], "{") && want[0] != "{how}" && want[0] != "{fault}") {
		said, want = said[1:], want[1:]
	}
	for len(said) > 0 && len(want) > 0 && said[len(said)-1] == want[len(want)-1] {
		said, want = said[:len(said)-1], want[:len(want)-1]
	}
	switch place := strings.Join(want, " "); {
	case len(said) == 0:
		return ""
	case place == "{how}":
		return fmt.Sprintf(", in which %q should be one of: %s", strings.Join(said, " "), strings.Join(namesOf(cardReading, false), ", "))
	case place == "{fault}":
		return fmt.Sprintf(", in which %q should be one of: %s", strings.Join(said, " "), strings.Join(namesOf(faults, false), ", "))
	case place == "":
		return fmt.Sprintf(", without %q", strings.Join(said, " "))
	default:
		return fmt.Sprintf(", with %q for %q", place, strings.Join(said, " "))
	}
}

// misplaced is differing for Chinese, in which no blanks divide words: what of a
// sentence stands where the phrase has a place for something else, or after its end.
func misplaced(sentence, phrase string) string {
	for at := placeholder.FindStringSubmatchIndex(phrase); at != nil; at = placeholder.FindStringSubmatchIndex(phrase) {
		rest, ok := strings.CutPrefix(sentence, phrase[:at[0]])
		if !ok {
			return ""
		}
		place, kind := phrase[at[0]:at[1]], phrase[at[2]:at[3]]
		phrase = phrase[at[1]:]
		end := len(rest)
		if next, _, _ := strings.Cut(phrase, "{"); next != "" {
			if end = strings.Index(rest, next); end < 0 {
				return ""
			}
		}
		said := strings.TrimSpace(rest[:end])
		if !regexp.MustCompile(`^(?:` + placeholders[kind] + `)$`).MatchString(said) {
			return fmt.Sprintf(", in which %q is no %s", said, place)
		}
		sentence = rest[end:]
	}
	if rest, ok := strings.CutPrefix(sentence, phrase); ok && rest != "" {
		return fmt.Sprintf(", without %q", strings.TrimSpace(rest))
	}
	return ""
}

// Seconds is the {n} number i as whole seconds.
func (a Args) Seconds(i int) (time.Duration, error) {
	n, err := a.Int(i)
	return time.Duration(n) * time.Second, err
}
