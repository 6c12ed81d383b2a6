package scenarios

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/profile"
)

// Phrase is one sentence of the language. Its patterns hold placeholders in
// braces, whose kinds are in the table placeholders.
type Phrase struct {
	Group   string // heading in docs/steps.md
	English string
	Chinese string
	Doc     string
	Table   string // the columns of the table that must follow; empty for none
	Card    bool   // reads a card: a QR box cannot play it
	Faults  bool   // makes the line fail: needs a line of the terminal's own
	Octets  bool   // looks at messages of the past: only a check plays it
	Load    bool   // belongs to @load scenarios
	Make    func(a Args) (func(*sim.Player) error, error)

	patterns []*regexp.Regexp
}

// Args are what a sentence says beyond its phrase, checked when it is bound.
type Args struct {
	Profile *profile.Profile
	Text    []string   // one for each placeholder
	Table   [][]string // heading row first
}

// placeholders are the kinds of gaps in patterns.
var placeholders = map[string]string{
	"amount":  `(\d+(?:\.\d{1,2})?)`,
	"n":       `(\d+)`,
	"percent": `(\d+(?:\.\d+)?)`,
	"role":    `"?([\p{L}][\p{L}\d-]*?)"?`,
	"text":    `"([^"]*)"`,
	"how":     `(by stripe|by stripe without PIN|by chip|by tap|typed in|刷卡|刷卡免密|插卡|挥卡|手输卡号)`,
	"fault":   `(loses the next request|loses the next answer|brings the next answer too late|doubles the next request|doubles the next answer|spoils the MAC of the next request|spoils the MAC of the next answer|breaks in the middle of the next request|breaks in the middle of the next answer|丢失下一个请求|丢失下一个应答|让下一个应答迟到|重复下一个请求|重复下一个应答|破坏下一个请求的MAC|破坏下一个应答的MAC|在下一个请求中途断开|在下一个应答中途断开)`,
}

var gap = regexp.MustCompile(`\{(\w+)\}`)

// Phrases is the language.
func Phrases() []*Phrase { return phrases() }

// phrases is made once: its patterns take milliseconds to compile.
var phrases = sync.OnceValue(func() []*Phrase {
	var all []*Phrase
	for _, group := range [][]*Phrase{terminalPhrases(), linePhrases(), paymentPhrases(), slipPhrases(), settlementPhrases(), answerPhrases(), messagePhrases(), loadPhrases()} {
		all = append(all, group...)
	}
	for _, p := range all {
		for _, pattern := range []string{p.English, p.Chinese} {
			p.patterns = append(p.patterns, compilePattern(pattern))
		}
	}
	return all
})

// compilePattern makes the regular expression of a pattern.
func compilePattern(pattern string) *regexp.Regexp {
	var b strings.Builder
	at := 0
	for _, m := range gap.FindAllStringSubmatchIndex(pattern, -1) {
		words := regexp.QuoteMeta(pattern[at:m[0]])
		b.WriteString(strings.TrimSuffix(words, " a ") + map[bool]string{true: " an? "}[strings.HasSuffix(words, " a ")])
		b.WriteString(placeholders[pattern[m[2]:m[3]]])
		at = m[1]
	}
	b.WriteString(regexp.QuoteMeta(pattern[at:]))
	return regexp.MustCompile(`^` + b.String() + `$`)
}

// Language binds sentences to phrases for one profile.
type Language struct {
	Profile *profile.Profile
	phrases []*Phrase
}

// NewLanguage makes the language for a profile: roles are looked up in it.
func NewLanguage(p *profile.Profile) *Language { return &Language{Profile: p, phrases: Phrases()} }

// Bound is a sentence with its phrase.
type Bound struct {
	Sentence
	Phrase *Phrase
	At     string // file:line
	Do     func(*sim.Player) error
}

// Bind finds the phrase of a sentence and checks what it says. The error names
// file and line.
func (l *Language) Bind(s *Scenario, i int) (*Bound, error) {
	sen := s.Steps[i]
	at := s.Feature.at(sen.Line)
	for _, p := range l.phrases {
		for _, re := range p.patterns {
			m := re.FindStringSubmatch(sen.Text)
			if m == nil {
				continue
			}
			switch {
			case p.Table != "" && len(sen.Table) == 0:
				return nil, fmt.Errorf("%s: %q needs a table below it: %s", at, sen.Text, p.Table)
			case p.Table == "" && len(sen.Table) > 0:
				return nil, fmt.Errorf("%s: %q takes no table", at, sen.Text)
			}
			do, err := p.Make(Args{Profile: l.Profile, Text: m[1:], Table: sen.Table})
			if err != nil {
				return nil, fmt.Errorf("%s: %q: %w", at, sen.Text, err)
			}
			return &Bound{Sentence: sen, Phrase: p, At: at, Do: do}, nil
		}
	}
	return nil, fmt.Errorf("%s: no phrase matches %q%s (posfleet steps lists them)", at, sen.Text, l.nearest(sen.Text))
}

// nearest suggests the phrase that shares the most words with a sentence.
func (l *Language) nearest(text string) string {
	best, most := "", 0
	for _, p := range l.phrases {
		for _, pattern := range []string{p.English, p.Chinese} {
			if n := shared(text, pattern); n > most {
				best, most = pattern, n
			}
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; the nearest is %q", best)
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

// Amount is placeholder i in fen.
func (a Args) Amount(i int) (int64, error) { return fen(a.Text[i]) }

// fen reads yuan with up to two decimals.
func fen(s string) (int64, error) {
	yuan, rest, _ := strings.Cut(s, ".")
	v, err := strconv.ParseInt(yuan+(rest + "00")[:2], 10, 64)
	if err != nil || v > 999999999999 {
		return 0, fmt.Errorf("amount %s yuan: field 4 has twelve digits", s)
	}
	return v, nil
}

// Int is placeholder i as a number.
func (a Args) Int(i int) (int, error) {
	n, err := strconv.Atoi(a.Text[i])
	if err != nil || n > 10_000_000 {
		return 0, fmt.Errorf("number %s is too large", a.Text[i])
	}
	return n, nil
}

// Holders are the cardholders of the role in placeholder i, in either language.
func (a Args) Holders(i int) ([]profile.Holder, error) { return holders(a.Profile, a.Text[i]) }

func holders(p *profile.Profile, role string) ([]profile.Holder, error) {
	if english, ok := rolesChinese[role]; ok {
		role = english
	}
	hs := p.Holders(role)
	if len(hs) == 0 {
		return nil, fmt.Errorf("profile %s has no card in the role %q", p.Name, role)
	}
	return hs, nil
}

// Seconds is placeholder i as a duration in whole seconds.
func (a Args) Seconds(i int) (time.Duration, error) {
	n, err := a.Int(i)
	return time.Duration(n) * time.Second, err
}

// rolesChinese are the Chinese names of the card roles.
var rolesChinese = map[string]string{
	"正常": "good", "芯片": "chip", "余额不足": "poor", "过期": "expired", "被盗": "stolen", "挂失": "lost",
	"没收": "pick-up", "受限": "restricted", "睡眠": "sleeping", "无发卡方": "unknown-issuer", "无效": "invalid",
	"超限额": "over-limit", "超次数": "too-often", "密码超次": "tries-exceeded", "错密码": "wrong-pin",
	"发卡方故障": "issuer-down", "中心异常": "system-error", "有缺陷": "defective", "作弊": "suspect",
	"需联系发卡方": "issuer-contact", "不允许": "not-permitted", "终端不允许": "terminal-not-permitted", "扫码": "qr",
}
