package scenarios

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/device"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
)

// phraseFeatures reads testdata/phrases: a file for each group of phrases and
// language. A scenario there is named by the phrase that it shows; it is tagged
// @holds, or @fails when its last sentence must fail because of the phrase.
func phraseFeatures(t *testing.T, language string) []*Feature {
	t.Helper()
	all, err := ReadFeatures(os.DirFS("testdata"), "phrases")
	if err != nil {
		t.Fatal(err)
	}
	var fs []*Feature
	for _, f := range all {
		if language == "" || f.Language == language {
			fs = append(fs, f)
		}
	}
	return fs
}

// fits are the phrases that a sentence can be read as, in one of the languages.
func fits(text string, language int) (found []*Phrase) {
	for _, p := range Phrases() {
		if p.patterns[language].compiled().MatchString(text) {
			found = append(found, p)
		}
	}
	return found
}

// play checks one scenario alone and gives its verdict; a sentence that does
// not bind is a verdict too.
func play(t *testing.T, p *profile.Profile, d *line.Dialer, s *Scenario) *verdicts.Verdict {
	t.Helper()
	f := *s.Feature
	f.Scenarios = []*Scenario{s}
	c := &Check{Language: language(p, d), Dialer: d, Features: []*Feature{&f}, Terminals: 1}
	if err := c.Bind(); err != nil {
		at, _, _ := strings.Cut(err.Error(), ": ")
		return &verdicts.Verdict{Reason: err, At: at}
	}
	found, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return found.Features[0].Verdicts[0]
}

func TestEachPhraseHoldsAndFails(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector, and has no race to find")
	}
	for _, f := range phraseFeatures(t, "") {
		network := "cup"
		if strings.Contains(f.Path, ".iso87.") { // CUP has no such messages
			network = "iso87"
		}
		t.Run(f.Path, func(t *testing.T) {
			t.Parallel() // on a host of its own, since sentences change what the host does
			p, d := bundledHost(t, network)
			eachPhrase(t, f, p, d)
		})
	}
}

// eachPhrase plays the scenarios of a feature, of which the last sentence holds or fails.
func eachPhrase(t *testing.T, f *Feature, p *profile.Profile, d *line.Dialer) {
	at := 0
	for _, s := range f.Scenarios {
		own := *p // a terminal of its own for each scenario, one with all parts
		for p.Terminals[at].Kind.Name != device.Desktop().Name {
			at++
		}
		own.Terminals = p.Terminals[at:]
		at++
		t.Run(strings.Join(s.Tags, "")+" "+s.Name, func(t *testing.T) {
			v := play(t, &own, d, s)
			switch last := s.Steps[len(s.Steps)-1]; {
			case s.Has("@holds") && v.Reason != nil:
				t.Errorf("%s: must hold: %q: %v\n%s", v.At, v.Step, v.Reason, v.Exchange)
			case s.Has("@fails") && v.Reason == nil:
				t.Errorf("%s: must fail", s.At())
			case s.Has("@fails") && v.At != f.at(last.Line):
				t.Errorf("%s: must fail at its last sentence, but: %v", v.At, v.Reason)
			}
		})
	}
}

func TestEachPhraseIsShownInBothLanguages(t *testing.T) {
	type example struct{ group, tag, phrase string }
	shown := map[example]*Scenario{}
	for _, f := range phraseFeatures(t, "") {
		for _, s := range f.Scenarios {
			shown[example{f.Name, strings.Join(s.Tags, ""), s.Name}] = s
		}
	}
	for _, ph := range Phrases() {
		if ph.Load != nil { // cmd/posfleet plays them
			continue
		}
		for i, group := range strings.Split(ph.Group, " / ") {
			name := []string{ph.English, ph.Chinese}[i]
			for _, tag := range []string{"@holds", "@fails"} {
				s := shown[example{group, tag, name}]
				delete(shown, example{group, tag, name})
				if s == nil {
					t.Errorf("no feature %q in testdata/phrases has a scenario %s %q", group, tag, name)
				} else if !s.says(ph) {
					t.Errorf("%s: the scenario does not say %q", s.At(), name)
				}
			}
		}
	}
	for e, s := range shown {
		t.Errorf("%s: want @holds or @fails and the name of a phrase of group %q, found %s %q", s.At(), e.group, e.tag, e.phrase)
	}
}

// says reports whether a sentence of the scenario is the phrase.
func (s *Scenario) says(p *Phrase) bool {
	for _, sen := range s.Steps {
		for _, re := range p.patterns {
			if re.match(sen.Text) != nil {
				return true
			}
		}
	}
	return false
}

// Sentence by sentence and word by word, and none can be read in two ways.
func TestBothLanguagesSayTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine compares texts")
	}
	english, chinese := phraseFeatures(t, "en"), phraseFeatures(t, "zh-CN")
	if len(english) != len(chinese) {
		t.Fatalf("%d English features, %d Chinese", len(english), len(chinese))
	}
	for i, f := range english {
		g := chinese[i]
		if len(f.Scenarios) != len(g.Scenarios) {
			t.Errorf("%s has %d scenarios, %s has %d", f.Path, len(f.Scenarios), g.Path, len(g.Scenarios))
			continue
		}
		for j, s := range f.Scenarios {
			z := g.Scenarios[j]
			if len(s.Steps) != len(z.Steps) || s.Tags[0] != z.Tags[0] {
				t.Errorf("%s and %s are not the same scenario", s.At(), z.At())
				continue
			}
			for k, sen := range s.Steps {
				en, zh := fits(sen.Text, 0), fits(z.Steps[k].Text, 1)
				if len(en) != 1 || len(zh) != 1 || en[0] != zh[0] || !sameWords(en[0], sen, z.Steps[k]) {
					t.Errorf("%s: %q and %s: %q are not the same", f.at(sen.Line), sen.Text, g.at(z.Steps[k].Line), z.Steps[k].Text)
				}
				if len(fits(sen.Text, 1))+len(fits(z.Steps[k].Text, 0)) > 0 {
					t.Errorf("%q or %q is a sentence of the other language too", sen.Text, z.Steps[k].Text)
				}
			}
		}
	}
}

// sameWords reports whether what fills a phrase means the same in an English and
// a Chinese sentence.
func sameWords(p *Phrase, english, chinese Sentence) bool {
	en := p.patterns[0].words(p.patterns[0].match(english.Text))
	zh := p.patterns[1].words(p.patterns[1].match(chinese.Text))
	delete(en, "unit") // yuan: 元 is in the Chinese phrase
	if !sameMeaning(en, zh) {
		return false
	}
	if len(english.Table) != len(chinese.Table) {
		return false
	}
	for i := 1; i < len(english.Table); i++ { // the heading apart
		e, z := english.Table[i], chinese.Table[i]
		compare := meaning(comparisons, e[1])
		if e[0] != z[0] || compare != meaning(comparisons, z[1]) || compare == withValue && e[1] != z[1] {
			return false
		}
	}
	return true
}

// sameMeaning reports whether what fills the places of two sentences is the same.
func sameMeaning(a, b map[string][]string) bool {
	for kind := range a {
		for i, x := range a[kind] {
			y := b[kind][i]
			same := x == y
			switch kind {
			case "role":
				x, y = roleInEnglish(x), roleInEnglish(y)
				same = x == y || x == "golden" && y == "金色" // no card of the profile
			case "transaction":
				same = inEnglish(transactionsChinese, x) == inEnglish(transactionsChinese, y)
			case "channel":
				same = meaning(channels, x) == meaning(channels, y)
			case "text":
				same = same || sameOrderWords(x, y)
			case "how":
				same = meaning(cardReading, x) == meaning(cardReading, y)
			case "deed":
				same = meaning(deeds, x) == meaning(deeds, y)
			case "chipfault":
				same = meaning(chipFaults, x) == meaning(chipFaults, y)
			case "oda":
				same = meaning(odaMethods, x) == meaning(odaMethods, y)
			case "odafailure":
				same = meaning(odaFailures, x) == meaning(odaFailures, y)
			case "verified":
				same = meaning(tapWays, x) == meaning(tapWays, y)
			case "flaw":
				same = meaning(flaws, x) == meaning(flaws, y)
			case "misfit":
				same = meaning(misfits, x) == meaning(misfits, y)
			case "fault":
				same = meaning(faults, x) == meaning(faults, y)
			case "part":
				same = meaning(partWords, x) == meaning(partWords, y)
			case "trouble":
				same = meaning(troubles, x) == meaning(troubles, y)
			}
			if !same {
				return false
			}
		}
	}
	return len(a) == len(b)
}

// sameOrderWords reports whether a dish, a state or reason of an order, or a next step
// is the same in two languages.
func sameOrderWords(x, y string) bool {
	p, err := profile.Bundled("cup", 1)
	dish := p.Menu.Named(x)
	if err == nil && dish != nil {
		return dish == p.Menu.Named(y)
	}
	s, isState := dialect.OrderStateNamed(x)
	r, isReason := dialect.OrderReasonNamed(x)
	n, isNext := dialect.NextStepSaid(x)
	t, _ := dialect.OrderStateNamed(y)
	u, _ := dialect.OrderReasonNamed(y)
	o, _ := dialect.NextStepSaid(y)
	return isState && s == t || isReason && r == u || isNext && n == o
}

func TestUnknownSentenceNamesFileLineAndTheNearestPhrase(t *testing.T) {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	f, err := ParseFeature("cup/x.feature", []byte("Feature: f\n  Scenario: s\n    Given a terminal that has signed in\n    Then the host aproves\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = NewLanguage(p).Bind(f.Scenarios[0], 1)
	if err == nil || !strings.Contains(err.Error(), `cup/x.feature:4: no phrase matches "the host aproves"; the nearest is "the host approves"`) {
		t.Errorf("error: %v", err)
	}
}

// What stands below a sentence that takes nothing is refused, not passed over.
func TestSentenceTakesNoDocString(t *testing.T) {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	f, err := ParseFeature("cup/x.feature", []byte("Feature: f\n  Scenario: s\n    Given a terminal that has signed in\n      \"\"\"\n      with operator 02\n      \"\"\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = NewLanguage(p).Bind(f.Scenarios[0], 0); err == nil || !strings.Contains(err.Error(), `cup/x.feature:3: "a terminal that has signed in" takes no doc string`) {
		t.Errorf("error: %v", err)
	}
}

// Which word is wrong is told, what may stand in its place, and of an outline once.
func TestWrongWordIsNamed(t *testing.T) {
	p, err := profile.Bundled("cup", 1)
	if err != nil {
		t.Fatal(err)
	}
	for sentence, want := range map[string]string{
		"the host aproves": `the nearest is "the host approves", with "approves" for "aproves"`,
		"the cardholder pays 1.00 yuan with a chip card and PIN": `in which "and PIN" should be one of: by stripe, by stripe without PIN, by fallback, by chip`,
		"the cardholder pays 1.00 yuan with a chp card":          `has no card in the role "chp"; the nearest is "chip", it has `,
		"持卡人用密码错误的卡消费1.00元":                                      `has no card in the role "密码错误"; the nearest is "密码错", it has 密码错, `,
		"持卡人用正常卡消费 12.50 元。":                                     `a sentence has no "。" at its end: "持卡人用正常卡消费 12.50 元"`,
		"the host approves.":                                     `a sentence has no "." at its end: "the host approves"`,
		"　持卡人用正常卡消费十二元五角":                                        `the nearest is "持卡人用{role}卡消费{amount}元", in which "十二" is no {amount}, and without the blank U+3000`,
		"持卡人用正常卡消费12.50元整":                                       `the nearest is "持卡人用{role}卡消费{amount}元", without "整"`,
		"the terminal settles now":                               `the nearest is "the terminal settles", without "now"`,
	} {
		f, err := ParseFeature("x.feature", []byte("Feature: f\n  Scenario Outline: s\n    Given a terminal that has signed in\n    When "+sentence+"\n    Then the host answers \"<c>\"\n    Examples:\n      | c  |\n      | 00 |\n      | 01 |\n"))
		if err != nil {
			t.Fatal(err)
		}
		c := &Check{Language: NewLanguage(p), Features: []*Feature{f}}
		if err = c.Bind(); err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "x.feature:4") != 1 {
			t.Errorf("%s: %v\nwant once, with %s", sentence, err, want)
		}
	}
}

// Amounts may be said in the letters of the network's currency, yuan stand for any, and
// what is told says the letters.
func TestAmountsAreSaidInTheNetworksCurrency(t *testing.T) {
	d, err := dialect.Parse("x.yaml", []byte("extends: iso87\ncurrency: \"566\"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.BundledIn(d, 1)
	if err != nil {
		t.Fatal(err)
	}
	for unit, wrong := range map[string]string{"NGN": "", "yuan": "", "EUR": "amounts of dialect x are NGN, the scenario says EUR", "CNY": "says CNY", "naira": "no phrase matches"} {
		f, err := ParseFeature("x.feature", []byte("Feature: x\n  Scenario: x\n    When the cardholder pays 12.50 "+unit+" with a good card\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = NewLanguage(p).Bind(f.Scenarios[0], 0)
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v", unit, err)
		}
	}
	if said := told(d, 123456); said != "1234.56 NGN" {
		t.Errorf("an amount is told as %s", said)
	}
}
