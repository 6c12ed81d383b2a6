package scenarios

import (
	"testing"
	"testing/fstest"

	"github.com/posfleet/posfleet/sim/allocs"
	"github.com/posfleet/posfleet/sim/profile"
)

// FuzzFeature reads any text as a feature and binds its sentences: it is refused, or it
// can be played. Nothing panics.
func FuzzFeature(f *testing.F) {
	f.Add("Feature: f\n\n  Scenario: s\n    Given a terminal that has signed in\n    When the cardholder pays 88.00 yuan with a good card\n    Then the host approves\n")
	f.Add("# language: zh-CN\n功能: f\n\n  @a-1\n  场景: s\n    假如终端已签到\n    当终端做联机签到\n")
	f.Add("Feature: f\n  Background:\n    Given the policy says \"supervisor: true\"\n  Scenario Outline: s <n>\n    Then the answer carries:\n      | field | value |\n      | <n>   | x     |\n    Examples:\n      | n |\n      | 4 |\n      | 60.3 |\n")
	f.Add("Feature: f\n  Rule: r\n    Scenario: s\n      * \"\"\"\n      text\n      \"\"\"\n")
	f.Add("# language: zh-CN\n功能: f\n\n  @a-1\n  场景: s\n  @a-1\n  场景:") // one id twice
	p, err := profile.Bundled("cup", 2)
	if err != nil {
		f.Fatal(err)
	}
	l := NewLanguage(p)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return
		}
		files := fstest.MapFS{"f.feature": {Data: []byte(text)}}
		var all []*Feature
		if n := allocs.Above(2000*uint64(len(text))+4<<20, func() { all, err = ReadFeatures(files, "f.feature") }); n > 0 {
			t.Fatalf("reading %d characters allocates %d", len(text), n)
		}
		if (all == nil) == (err == nil) {
			t.Fatalf("features %v, %v", all, err)
		}
		n := 0
		for _, of := range all {
			for _, s := range of.Scenarios {
				for i := range s.Steps {
					if n++; n <= 8 { // each is held to the patterns of all phrases
						l.Bind(s, i)
					}
				}
			}
		}
	})
}
