package scenarios

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/profile"
)

const chinese = `# language: zh-CN
功能: 消费
  场景: 正常卡消费
    假如一台已签到的终端
    当持卡人用正常卡消费12.50元
    那么交易成功
`

// What editors and keyboards do to a feature is read, or its mend is named.
func TestFeaturesAsEditorsSaveThem(t *testing.T) {
	gbk := "# language: zh-CN\n\xb9\xa6\xc4\xdc: x\n"
	for _, c := range []struct{ name, text, says string }{
		{"a byte order mark", "\ufeff" + chinese, ""},
		{"UTF-16", "\xff\xfe" + wideLE(chinese), ""},
		{"UTF-32", "\xff\xfe\x00\x00" + widestLE(chinese), ""},
		{"UTF-32 without a mark", widestLE(chinese), ""},
		{"full-width blanks before keywords", strings.ReplaceAll(chinese, "    ", "　　"), ""},
		{"full-width blanks before all", strings.ReplaceAll(strings.ReplaceAll(chinese, "  ", "　"), "# language", "　# language"), ""},
		{"blanks that do not break", strings.ReplaceAll(chinese, "    ", "\u00a0\u00a0"), ""},
		{"blanks of no width", strings.ReplaceAll(chinese, "    ", "\u200b"), ""},
		{"no feature at all", "x\n", "x.feature:1: 'x' cannot stand here: want # language: zh-CN, @tag, Feature: (or"},
		{"GBK", gbk, "x.feature: line 2 is not UTF-8 (GBK? save as UTF-8)"},
		{"Windows line ends", strings.ReplaceAll(chinese, "\n", "\r\n"), ""},
		{"a full-width colon", strings.Replace(chinese, "功能:", "功能：", 1), "x.feature:2: full-width colon ： after 功能; write 功能:"},
		{"a full-width colon further on", strings.Replace(chinese, "场景:", "场景 ：", 1), "x.feature:3: full-width colon ： after 场景; write 场景:"},
		{"a full-width colon of the language", strings.Replace(chinese, "language:", "language：", 1), "x.feature:1: full-width colon ： after language; write # language: zh-CN"},
		{"a full-width colon in English", "Feature： x\n", "x.feature:1: full-width colon ： after Feature; write Feature:"},
		{"Chinese that does not say so", strings.TrimPrefix(chinese, "# language: zh-CN\n"), "x.feature:1: 功能 is Chinese; write # language: zh-CN above it"},
		{"English steps in Chinese", strings.Replace(chinese, "    假如一台已签到的终端\n", "    Given a terminal that has signed in\n", 1), "x.feature:4: Gherkin reads this line as a description and nobody plays it: Given is a keyword of # language: en, and the feature's is zh-CN, where it is 假如 or"},
		{"Chinese steps in English", "Feature: x\n  Scenario: y\n    # why\n\n    假如终端已签到\n    When the terminal tests the line\n", "x.feature:5: Gherkin reads this line as a description and nobody plays it: 假如 is a keyword of # language: zh-CN, and the feature's is en, where it is Given"},
		{"Chinese steps of a background", "Feature: x\n  Background:\n    假如终端已签到\n  Scenario: y\n    When the terminal tests the line\n", "x.feature:3: Gherkin reads"},
		{"an English scenario in Chinese", chinese + "\n  Scenario: z\n", "x.feature:"},
		{"an English scenario first in Chinese", "# language: zh-CN\n功能: x\n  Scenario: z\n    Given a terminal that has signed in\n", "x.feature:3: Gherkin reads this line as a description and nobody plays it: Scenario: is a keyword of # language: en, and the feature's is zh-CN"},
		{"a keyword in small letters", "Feature: x\n  Scenario: y\n    given a terminal that has signed in\n    When the terminal tests the line\n", "x.feature:3: Gherkin reads this line as a description and nobody plays it: its keyword is written Given"},
		{"no keyword", "Feature: x\n  Scenario: y\n    a terminal that has signed in\n    When the terminal tests the line\n", "x.feature:3: Gherkin reads this line as a description and nobody plays it: it is a sentence of the language without its keyword; begin it with Given"},
		{"an outline without a row", "Feature: x\n  Scenario Outline: y\n    Given a terminal that has signed in\n    Examples:\n      | n |\n", "x.feature:4: examples without a row"},
		{"a description", strings.Replace(chinese, "功能: 消费\n", "功能: 消费\n  A shop's customers: they pay.\n  Given the time, more.\n", 1), ""},
		{"a line of 70,000 octets", chinese + "    并且" + strings.Repeat("长", 70_000/3) + "\n", "x.feature:7: line of 7"},
	} {
		f, err := ParseFeature("x.feature", []byte(c.text))
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.says == "" && (len(f.Scenarios) != 1 || len(f.Scenarios[0].Steps) != 3):
			t.Errorf("%s: %+v", c.name, f.Scenarios)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
}

// widestLE is text in UTF-32, low octet first.
func widestLE(text string) string {
	var out []byte
	for _, r := range text {
		out = binary.LittleEndian.AppendUint32(out, uint32(r))
	}
	return string(out)
}

// wideLE is text of the basic plane in UTF-16, low octet first.
func wideLE(text string) string {
	var out strings.Builder
	for _, c := range text {
		out.WriteByte(byte(c))
		out.WriteByte(byte(c >> 8))
	}
	return out.String()
}

// Chinese is written with blanks between words, or without, and with a comma of
// its own: a sentence is the same.
func TestBlanksInChineseSentences(t *testing.T) {
	p, err := profile.Bundled("cup", 0)
	if err != nil {
		t.Fatal(err)
	}
	l := NewLanguage(p)
	for _, text := range []string{
		"持卡人用正常卡消费12.50元", "持卡人用 正常 卡消费 12.50 元", "持卡人 用正常卡 消费 12.50元", "持卡人用\u3000正常卡消费12.50元 ",
		"主机合计借记12.00元共1笔, 贷记0.00元共0笔", "主机合计 借记 12.00 元 共 1 笔，贷记 0.00 元 共 0 笔",
		"操作员做预授权完成(请求)1.00元", "操作员 做预授权完成（请求） 1.00 元", "主机返回应答码“51”", "持卡人用“余额不足的”卡消费1.00元",
	} {
		s := &Scenario{Feature: &Feature{Path: "x"}, Steps: []Sentence{{Text: strings.TrimSpace(text), Line: 1}}}
		if _, err := l.Bind(s, 0); err != nil {
			t.Error(err)
		}
	}
	for _, text := range []string{"the cardholder pays 12 .50 yuan with a good card", "持卡人用正常卡消费1 2.50元"} {
		s := &Scenario{Feature: &Feature{Path: "x"}, Steps: []Sentence{{Text: text, Line: 1}}}
		if _, err := l.Bind(s, 0); err == nil {
			t.Errorf("%q is taken for a sentence", text)
		}
	}
}

// What Chinese keyboards give in the place of the characters of a sentence is named with
// the sentence as it is to be written, in any of them.
func TestSentenceInOtherCharactersIsNamed(t *testing.T) {
	p, err := profile.Bundled("cup", 0)
	if err != nil {
		t.Fatal(err)
	}
	l := NewLanguage(p)
	const right = "持卡人用正常卡消费12.50元"
	for _, wrong := range []string{"持卡人用正常卡消费１２．５０元", "持卡人用正常卡消费12。50元", "持卡人用正常卡消費12.50元", "　持卡人用正常卡消费12.50元　", "持卡人用正常卡消費１２。５０元"} {
		f, err := ParseFeature("x.feature", []byte(strings.Replace(chinese, right, wrong, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Bind(f.Scenarios[0], 1); err == nil || !strings.Contains(err.Error(), "simplified Chinese: \""+right+"\"") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	f, _ := ParseFeature("x.feature", []byte(strings.Replace(chinese, right, "持卡人用正常卡消贵12.5元整", 1)))
	if _, err := l.Bind(f.Scenarios[0], 1); err == nil || !strings.Contains(err.Error(), "the nearest is \"持卡人用{role}卡消费{amount}元") {
		t.Errorf("%v", err)
	}
}
