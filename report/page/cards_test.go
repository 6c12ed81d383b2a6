package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
)

// In a run with a lost agent the tiles say what the promises say: not that all held, and not
// that the run did not come to its end, which the others played.
func TestTilesOfARunWithALostAgentClaimNoMoreThanItsPromises(t *testing.T) {
	r := stalling(100, 12*time.Second, time.Second)
	r.Failed, r.Failures, r.Money = 0, nil, report.Money{}
	r.Incomplete = "agent 1: not heard of any more"
	r.Agents = []report.Agent{{Number: 1, State: report.StateLost, Lost: "not heard of any more"}, {Number: 2, State: "ended"}}
	r.Validity = report.Validity{Level: report.NotJudged, Reasons: []string{"the run did not come to its end"}}
	r.Named("agent 1")
	r.Validity.Reasons = append([]string{"agent 2: suspect: busiest core 100%"}, r.Validity.Reasons...)
	r.Judge(report.WithDefaults(nil))
	if c := playedCard(r); c.Class != "warn" || !strings.Contains(c.Word, "not known of all") {
		t.Errorf("%+v", c)
	}
	if c := booksCard(r); c.Detail != "an agent did not come to its end" {
		t.Errorf("%+v", c)
	}
	if c := generatorCard(r); c.Detail != "agent 1: it did not come to its end" {
		t.Errorf("%+v", c)
	}
	r.Validity.Level = report.Invalid
	r.Validity.Reasons = append(r.Validity.Reasons, "agent 2: invalid: schedule lag p99 31.1 ms")
	if c := generatorCard(r); c.Detail != "agent 2: schedule lag p99 31.1 ms" {
		t.Errorf("%+v", c)
	}
	r.Agents = r.Agents[1:]
	if c := playedCard(r); c.Class != "good" {
		t.Errorf("with all agents to their end: %+v", c)
	}
}

// Books that disagree by batches alone are not told as two sums that are the same.
func TestBooksThatDisagreeWithinOneSumSayWhere(t *testing.T) {
	m := report.Money{Checked: true, Settled: true, Compared: 2, Terminals: 100, Host: 100, Payments: 2, Detail: []string{"terminal 10000001 …", "terminal 10000002 …"}}
	if c := booksCard(&report.Report{Money: m}); c.Class != "bad" || c.Detail != "1.00 yuan net on both sides, with 2 disagreements, told below" {
		t.Errorf("%+v", c)
	}
	if m.Host = 101; booksCard(&report.Report{Money: m}).Detail != "terminals 1.00 yuan, host 1.01 yuan" {
		t.Errorf("%+v", booksCard(&report.Report{Money: m}))
	}
}

// Books of which most are unknown are not told as books that agree.
func TestBooksAgreeOnWhatWasCompared(t *testing.T) {
	m := report.Money{Checked: true, Compared: 1, Unknown: 19}
	if c := booksCard(&report.Report{Money: m}); c.Class != "warn" || !strings.Contains(fmt.Sprint(c), "agree on 1 of 20 terminals") {
		t.Errorf("the card is %+v", c)
	}
}
