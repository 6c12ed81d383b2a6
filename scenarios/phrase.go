package scenarios

import (
	"cmp"
	"errors"
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

// phrases is made once: its patterns take milliseconds to compile.
var phrases = sync.OnceValue(func() []*Phrase {
	var all []*Phrase
	for _, group := range [][]*Phrase{terminalPhrases(), operatorPhrases(), devicePhrases(), masterKeyPhrases(), linePhrases(), flawPhrases(), networkPhrases(), paymentPhrases(), transactionPhrases(), chipPhrases(), cashPhrases(), downloadPhrases(), sessionPhrases(), orderPhrases(), codePhrases(), payerPhrases(), misnamedPhrases(), signaturePhrases(), settlementPhrases(), reprintPhrases(), bankPhrases(), merchantPhrases(), payoutPhrases(), clockPhrases(), asserting(answerPhrases()), asserting(messagePhrases()), loadPhrases()} {
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
	*regexp.Regexp
	first string   // word of what it matches, of Chinese the first letter; empty where a place comes first
	kinds []string // of its placeholders, in order
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
	return pattern{regexp.MustCompile(`^` + b.String() + `$`), first, kinds}
}

// match is what fills the placeholders in a sentence, in their order, from number 1
// on; nil when the sentence is not the phrase.
func (p *pattern) match(sentence string) []string {
	if !strings.HasPrefix(sentence, p.first) {
		return nil
	}
	return p.FindStringSubmatch(sentence)
}

// words are what fills the placeholders of a match, by their kind.
func (p *pattern) words(match []string) map[string][]string {
	words := map[string][]string{}
	for i, kind := range p.kinds {
		words[kind] = append(words[kind], match[i+1])
	}
	return words
}

// found is the phrase that a sentence is, by one of its patterns.
type found struct {
	phrase  *Phrase
	pattern *pattern
	match   []string
}

// Language binds sentences to phrases for one profile.
type Language struct {
	Profile *profile.Profile
	Admin   *Admin // to be filled in before steps are played; nil when the network has none that is known
	phrases []*Phrase
	said    map[string]*found // sentences that have come: more than half come again
}

// NewLanguage makes the language for a profile: roles are looked up in it.
// The bundled host, which a profile without an address is served by, has an admin API.
func NewLanguage(p *profile.Profile) *Language {
	l := &Language{Profile: p, phrases: Phrases(), said: map[string]*found{}}
	if p.Address == "" || p.Admin != nil {
		l.Admin = &Admin{}
	}
	return l
}

// Reach says where the admin API of the host is that steps are about to be played
// against.
func (l *Language) Reach(a Admin) {
	if l.Admin != nil {
		*l.Admin = a
	}
}

// Bound is a sentence with its phrase.
type Bound struct {
	Sentence
	Phrase *Phrase
	At     string // file:line
	Args   Args
	Role   string // of the card that it uses, as the profile names it; empty for none
	Need   *Need  // what the network lacks for it; nil when it can be played
	Do     func(*sim.Player) error
}

// onlyLoad is what a check plays of an @load scenario.
func onlyLoad(*sim.Player) error {
	return errors.New("belongs to @load scenarios: posfleet load plays them")
}

// Bind finds the phrase of a sentence and checks what it says. The error names
// file and line.
func (l *Language) Bind(s *Scenario, i int) (*Bound, error) {
	sen := s.Steps[i]
	at := s.Feature.at(sen.Line)
	is := l.find(sen.Text)
	if is == nil {
		return nil, fmt.Errorf("%s: no phrase matches %q%s (posfleet steps lists them)", at, sen.Text, cmp.Or(l.otherwise(sen.Text), l.nearest(sen.Text)))
	}
	p := is.phrase
	switch {
	case p.Table != "" && len(sen.Table) == 0:
		return nil, fmt.Errorf("%s: %q needs a table below it: %s", at, sen.Text, p.Table)
	case p.Table != "" && len(sen.Table) == 1:
		return nil, fmt.Errorf("%s: %q has a table without a row below its heading, and so says nothing: %s", at, sen.Text, p.Table)
	case p.Table == "" && len(sen.Table) > 0:
		return nil, fmt.Errorf("%s: %q takes no table", at, sen.Text)
	}
	b := &Bound{Sentence: sen, Phrase: p, At: at, Do: onlyLoad, Args: Args{Profile: l.Profile, Admin: l.Admin, Of: p.Of, Words: is.pattern.words(is.match), Table: sen.Table}}
	if err := cmp.Or(b.Args.units(), b.make()); err != nil {
		return nil, fmt.Errorf("%s: %q: %w", at, sen.Text, err)
	}
	return b, nil
}

// find finds the phrase that a sentence is; nil for none.
func (l *Language) find(text string) *found {
	if is := l.said[text]; is != nil {
		return is
	}
	for _, p := range l.phrases {
		for i := range p.patterns {
			if m := p.patterns[i].match(text); m != nil {
				is := &found{p, &p.patterns[i], m}
				l.said[text] = is
				return is
			}
		}
	}
	return nil
}

// make makes of a sentence what a terminal then does, or finds what that needs
// and the network lacks.
func (b *Bound) make() error {
	p, network := b.Phrase, b.Args.Profile
	if p.Names {
		name := inEnglish(transactionsChinese, b.Args.Words["transaction"][0])
		of, known := dialect.TransactionNamed(name)
		if !known {
			return fmt.Errorf("no transaction is called %q (posfleet steps lists them)", name)
		}
		b.Args.Of = of
	}
	b.Role = p.Role
	if b.Args.Has("role") {
		b.Role = roleInEnglish(b.Args.Words["role"][0])
	}
	if p.Make == nil {
		return nil
	}
	var err error
	if b.Do, err = p.Make(b.Args); err != nil {
		var is bool
		if b.Need, is = errors.AsType[*Need](err); !is {
			return err
		}
	}
	if b.Need == nil {
		b.Need = b.lacks(network)
	}
	return nil
}

// nearest suggests the phrase that shares the most words with a sentence.
func (l *Language) nearest(text string) string {
	best, most := "", 0
	for _, likeness := range []func(a, b string) int{shared, func(a, b string) int { return shared(a, placeholder.ReplaceAllString(b, "")) }} {
		for _, p := range l.phrases {
			for _, pattern := range []string{p.English, p.Chinese} {
				if n := likeness(text, pattern); n > most {
					best, most = pattern, n
				}
			}
		}
		if best != "" {
			break // of a short sentence the placeholders would outweigh the words
		}
	}
	if best == "" {
		return ""
	}
	if longer := best + " {how}"; len(strings.Fields(text)) > len(strings.Fields(best)) &&
		slices.ContainsFunc(l.phrases, func(p *Phrase) bool { return p.English == longer }) {
		best = longer
	}
	return fmt.Sprintf("; the nearest is %q%s", best, differing(text, best))
}

// shared counts pairs of characters that two sentences have in common, less
// those that they do not.
func shared(a, b string) int {
	pairs := map[string]int{}
	ra := []rune(a)
	for i := range max(0, len(ra)-1) {
		pairs[string(ra[i:i+2])]++
	}
	n := 0
	rb := []rune(b)
	for i := range max(0, len(rb)-1) {
		k := string(rb[i : i+2])
		if pairs[k] > 0 {
			pairs[k]--
			n += 2
		} else {
			n--
		}
	}
	return n
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

// Seconds is the {n} number i as whole seconds.
func (a Args) Seconds(i int) (time.Duration, error) {
	n, err := a.Int(i)
	return time.Duration(n) * time.Second, err
}
