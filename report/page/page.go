// Package page tells a run as one HTML page that needs nothing else: no network,
// no other file.
//
// [Write] fills page.html with words and figures worked out in Go; page.js draws
// the charts, by uPlot, from JSON that the page carries. [WriteCheck] tells a
// conformance check in the same style.
package page

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
)

// What the page is made of. uPlot 1.6.32 is Leon Sorokin's, under the MIT
// licence, which goes into every page with it.
var (
	//go:embed document.html
	documentHTML string // what every page begins with
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
	//go:embed uPlot.iife.min.js
	uplotJS string
	//go:embed uPlot.min.css
	uplotCSS string
	//go:embed uPlot-LICENSE.txt
	uplotLicence string
)

// parse makes the template of a page.
func parse(name, text string) (*template.Template, error) {
	return template.Must(template.New("document").Parse(documentHTML)).New(name).Parse(text)
}

// Write tells the run as a page. Its policy lets the browser run the page's own
// scripts, known by their digests, and fetch nothing.
func Write(w io.Writer, r *report.Report) error {
	t, err := parse("page", pageHTML)
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	p, err := pageOf(r)
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// Save writes the page to a file, whole or not at all.
func Save(r *report.Report, name string) error {
	return report.WriteFile(name, func(w io.Writer) error { return Write(w, r) })
}

// page is what the template shows: words and figures ready to print.
type page struct {
	Policy   string
	Style    template.CSS
	Library  template.JS
	Script   template.JS
	Follow   template.JS // the script of a run that is under way; empty when it is over
	Events   []Event     // of a run that is under way: what went wrong, and the slowest
	Charts   charts
	Title    string
	When     string
	Banner   []string // what must be known before any figure is read
	Verdicts []verdictCard
	Figures  []figure
	Asked    []pair
	Outcomes []string // the columns of outcomes: those that occurred, and approved
	Rows     []labelRow
	Small    bool // some figure is "n too small"
	Bound    bool // some figure is "≥"
	Agents   []agentRow
	Skew     string // how far apart they may have begun
	Limits   []report.LimitResult
	Codes    []codeRow
	Refusals []codeRow // why orders, their payments and refunds were refused
	Beside   []pair
	Reasons  []string
	Failures []report.Failure
	Rules    []report.RuleCount
	Without  string // rules that the dialect leaves out
	Stuck    []pair
	SignIn   []pair
	Opening  []pair // the settlements before the first arrival
	Settled  []string
	Strays   []report.Stray
	Books    []string
	Where    []pair
	Command  string
	Notes    []string
}

type pair struct{ Name, Value string }

// verdictCard is one of the answers a reader comes for. Class is good, warn, bad
// or none; the sign tells it without colour.
type verdictCard struct{ Name, Class, Sign, Word, Detail string }

type figure struct{ Name, Value, Note string }

type labelRow struct {
	Name      string
	Total     bool
	Sent      string
	Rate      string
	Outcomes  []string
	Quantiles []report.Quantile // response p50 p90 p99 p99.9 max, service p50 p99
}

type codeRow struct{ Code, Count, Share, Labels string }

func pageOf(r *report.Report) (*page, error) {
	all, err := r.Overall()
	if err != nil {
		return nil, err
	}
	p := &page{
		Style:    template.CSS(uplotCSS + "\n" + pageCSS),
		Library:  template.JS("/*\n" + uplotLicence + "\n*/\n" + uplotJS),
		Script:   template.JS(pageJS),
		Charts:   chartsOf(r),
		Title:    cmp.Or(r.Plan.Arrivals, "A run"),
		Limits:   r.Limits,
		Codes:    tallied(r.Labels, func(l report.Label) map[string]int64 { return l.Codes }, report.FormatCode),
		Refusals: tallied(r.Labels, func(l report.Label) map[string]int64 { return l.Reasons }, report.Printable),
		Reasons:  r.Validity.Reasons,
		Books:    firstOf(r.Money.Detail),
		Settled:  firstOf(r.Settlements.Detail),
		Strays:   r.Strays,
		Rules:    r.Rules,
		Without:  strings.Join(r.Without, ", "),
		SignIn:   phase(&r.SignIn),
		Opening:  phase(&r.Opening),
		Stuck:    counted(r.Stuck),
		Where:    where(r),
		Command:  shell(r.Plan.Command),
		Notes:    notes(r),
	}
	if r.Plan.For > 0 && r.Plan.Arrivals != "" && !strings.Contains(r.Plan.Arrivals, " over ") {
		p.Title += " for " + lasting(r.Plan.For)
	}
	if r.Plan.Target != "" {
		p.Title += " against " + r.Plan.Target
	}
	if !r.Started.IsZero() {
		p.When = r.Started.Format("2 January 2006, 15:04:05 MST") + ", took " + lasting(r.Took.Round(100*time.Millisecond))
	}
	p.Policy = fmt.Sprintf("default-src 'none'; script-src '%s' '%s'; style-src '%s'; base-uri 'none'; form-action 'none'",
		digest(string(p.Library)), digest(string(p.Script)), digest(string(p.Style)))
	if r.Incomplete != "" {
		p.Banner = append(p.Banner, "This is not the whole run: "+r.Incomplete+".")
	}
	for _, what := range r.Lost {
		p.Banner = append(p.Banner, "Not all of this run was kept: "+what+".")
	}
	if r.Interrupted {
		p.Banner = append(p.Banner, "This run was stopped before its time; what follows is what it had found by then.")
	}
	if n := len(r.Plan.Pressed); n > 0 {
		p.Banner = append(p.Banner, fmt.Sprintf("Arrivals were changed by hand while the run was played, by %s: see what was asked.", report.Plural(int64(n), "key")))
	}
	if r.Validity.Level == report.Invalid {
		p.Banner = append(p.Banner, "The generator was the limit in this run: its latencies are not the host's.")
	}
	if stuck := r.Planned - r.Played - r.NotPlayed; stuck > 0 && r.Incomplete == "" {
		p.Banner = append(p.Banner, fmt.Sprintf("This run is not valid: %s of %s arrivals sent nothing of their own.", report.FormatCount(stuck), report.FormatCount(r.Planned)))
	}
	if n := r.SignIn.Failed; n > 0 {
		p.Banner = append(p.Banner, fmt.Sprintf("%s of %s could not sign in and took no part.", report.FormatCount(int64(n)), report.Plural(int64(r.SignIn.Terminals), "terminal")))
	}
	if r.Waited.Arrivals > 0 {
		p.Banner = append(p.Banner, r.Waited.String()+".")
	}
	if p.Failures = r.Failures; len(p.Failures) > mostFailures {
		p.Failures = p.Failures[:mostFailures]
	}
	if m := &r.Money; m.Settled {
		p.Books = nil // they stand with the settlements
	}
	p.Verdicts = cards(r)
	p.Figures = figures(r, &all)
	p.Asked = asked(r)
	p.table(r, &all)
	p.Agents, p.Skew = agents(r)
	p.Beside = beside(r)
	return p, nil
}

// mostDetails is how many of many like lines the page shows.
const mostDetails = 10

// firstOf gives the first of many lines, and how many more there are.
func firstOf(lines []string) []string {
	if n := len(lines) - mostDetails; n > 0 {
		return append(slices.Clone(lines[:mostDetails]), fmt.Sprintf("and %s more", report.FormatCount(int64(n))))
	}
	return lines
}

// mostFailures is how many sentences that did not hold the page shows.
const mostFailures = 50

// counted gives counts by name, the largest first.
func counted(m map[string]int64) (list []pair) {
	for _, name := range slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b))
	}) {
		list = append(list, pair{name, report.FormatCount(m[name])})
	}
	return list
}

// phase tells what the fleet did before the first arrival.
func phase(s *report.Phase) []pair {
	if s.Terminals == 0 {
		return nil
	}
	list := []pair{
		{"Terminals that could", report.FormatCount(int64(s.Terminals - s.Failed))},
		{"In", lasting(s.Took.Round(time.Millisecond)) + ", " + perSecond(int64(s.Terminals-s.Failed), s.Took)},
	}
	if l := &s.Label; l.Response != nil && l.Response.TotalCount() > 0 {
		list = append(list, pair{"p50 response", l.Quantile(0.5).String()}, pair{"p99 response", l.Quantile(0.99).String()}, pair{"Longest", l.Quantile(1).String()})
	}
	if s.Late > 0 {
		list = append(list, pair{"Answers after the response timeout: a longer --timeout waits for them", report.FormatCount(s.Late)})
	}
	if s.Cut > 0 {
		list = append(list, pair{"Answers when the line had broken" + report.AfterBreak, report.FormatCount(s.Cut)})
	}
	if s.Failed > 0 {
		list = append(list, pair{"Could not, the first " + s.First, report.FormatCount(int64(s.Failed))})
		for _, why := range counted(s.Why) {
			list = append(list, pair{"… because: " + why.Name, why.Value})
		}
	}
	return list
}

// digest names a script or a style in the page's policy.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func figures(r *report.Report, all *report.Label) []figure {
	sent := all.Counts.Sent()
	list := []figure{
		{"p50 response", all.Quantile(0.5).String(), "half were answered within this"},
		{"p99 response", all.Quantile(0.99).String(), "one in a hundred took longer"},
		{"p99.9 response", all.Quantile(0.999).String(), "one in a thousand took longer"},
		{"sent", report.FormatCount(sent), perSecond(sent, r.Measured()) + " after the warm-up"},
	}
	answered := all.Counts[report.Approved] + all.Counts[report.Declined]
	if sent > 0 {
		list = append(list, figure{"answered well", share(answered, sent), "approved or declined in time, and verified"})
	}
	return list
}

func asked(r *report.Report) []pair {
	p := r.Plan
	list := []pair{
		{"Load model", p.Model}, {"Arrivals", p.Arrivals}, {"Duration", lasting(p.For)}, {"Warm-up", lasting(p.Warmup)},
		{"Response timeout", lasting(p.Timeout)}, {"Drain", lasting(p.Drain)}, {"Terminals", report.FormatCount(int64(p.Terminals))},
		{"Lines", p.LinesText()}, {"Host", p.Target}, {"Dialect", p.Dialect}, {"Seed", strconv.FormatUint(p.Seed, 10)},
		{"Arrivals due", report.FormatCount(r.Planned)}, {"… played", report.FormatCount(r.Played)},
	}
	if r.Incomplete != "" && len(r.Limits) == 0 {
		list[len(list)-1].Name = "… begun"
		list[len(list)-2].Name = "Arrivals due, as far as is known"
	} else if stuck := r.Begun() - r.Played; stuck > 0 { // others may be under way
		list = append(list, pair{"… stuck: nothing of their own was sent", report.FormatCount(stuck)})
	}
	unplayed := r.Unplayed()
	if n := r.NotPlayed - unplayed; n > 0 {
		list = append(list, pair{"… not played: no terminal was free", report.FormatCount(n)})
	}
	for _, u := range r.UnplayedBy() {
		list = append(list, pair{"… " + u.By, report.FormatCount(u.N)})
	}
	if r.Failed > 0 {
		list = append(list, pair{"… played, with a step that did not hold", report.FormatCount(r.Failed)})
	}
	for _, id := range slices.Sorted(maps.Keys(p.Mix)) {
		list = append(list, pair{"Share of " + id, strconv.FormatFloat(p.Mix[id]*100, 'g', 4, 64) + " %"})
	}
	for _, k := range p.Pressed {
		list = append(list, pair{fmt.Sprintf("Key %s pressed at %s", k.Key, report.FormatDuration(k.At)), k.After})
	}
	return slices.DeleteFunc(list, func(x pair) bool { return x.Value == "" || x.Name == "Seed" && x.Value == "0" })
}

// table fills the rows, the sum first.
func (p *page) table(r *report.Report, all *report.Label) {
	shown := []report.Outcome{report.Approved}
	for o := report.Declined; o < report.Outcomes; o++ {
		if all.Counts[o] != 0 {
			shown = append(shown, o)
		}
	}
	for _, o := range shown {
		p.Outcomes = append(p.Outcomes, o.String())
	}
	row := func(l *report.Label) {
		x := labelRow{Name: l.Name, Sent: report.FormatCount(l.Counts.Sent()), Rate: perSecond(l.Counts.Sent(), r.Measured())}
		for _, o := range shown {
			x.Outcomes = append(x.Outcomes, report.FormatCount(l.Counts[o]))
		}
		for _, q := range []float64{0.5, 0.9, 0.99, 0.999, 1} {
			x.Quantiles = append(x.Quantiles, l.Quantile(q))
		}
		x.Quantiles = append(x.Quantiles, l.ServiceQuantile(0.5), l.ServiceQuantile(0.99))
		for _, q := range x.Quantiles {
			p.Small = p.Small || q.TooFew && q.N > 0
			p.Bound = p.Bound || q.AtLeast
		}
		p.Rows = append(p.Rows, x)
	}
	var counted []*report.Label // the others occurred in the warm-up only
	for i := range r.Labels {
		if r.Labels[i].Counts != (report.Counts{}) {
			counted = append(counted, &r.Labels[i])
		}
	}
	if len(counted) != 1 {
		row(all)
		p.Rows[0].Name, p.Rows[0].Total = "all", true
	}
	for _, l := range counted {
		row(l)
	}
}

// tallied counts response codes, or what else is counted by name, over all labels, the
// commonest first.
func tallied(labels []report.Label, of func(report.Label) map[string]int64, show func(string) string) []codeRow {
	sum, in, all := map[string]int64{}, map[string][]string{}, int64(0)
	for _, l := range labels {
		for name, n := range of(l) {
			sum[name] += n
			all += n
			in[name] = append(in[name], l.Name+" "+report.FormatCount(n))
		}
	}
	var rows []codeRow
	for _, name := range slices.SortedFunc(maps.Keys(sum), func(a, b string) int {
		return cmp.Or(cmp.Compare(sum[b], sum[a]), cmp.Compare(a, b))
	}) {
		slices.Sort(in[name])
		rows = append(rows, codeRow{show(name), report.FormatCount(sum[name]), share(sum[name], all), strings.Join(in[name], ", ")})
	}
	return rows
}

// beside is what was seen beside the exchanges.
func beside(r *report.Report) []pair {
	list := []pair{
		{"Late answers, after their request had been given up", report.FormatCount(r.Late)},
		{"Duplicate answers, to a request already answered", report.FormatCount(r.Duplicate)},
		{"Unmatched answers, that belong to no request", report.FormatCount(r.Unmatched)},
	}
	if r.Plan.Lines == "each" && r.Late+r.Duplicate == 0 {
		list = append(list[:0:0], list[2], pair{"Late and duplicate answers", "cannot be seen: each line ends with its exchange"})
	}
	if r.Cut > 0 {
		list = append(list, pair{"Answers to a request whose line had broken", report.FormatCount(r.Cut)})
	}
	if l := r.Lines; l.Connected > 0 {
		list = append(list, pair{"Connections made", report.FormatCount(l.Connected) + r.LinesNotKnown()})
	}
	if l := r.Lines; l.Refused > 0 {
		list = append(list, pair{"Connections that could not be had", report.FormatCount(l.Refused)})
	}
	for _, f := range r.LineDelay.Facts() {
		list = append(list, pair{cmp.Or(f[0], "lines"), f[1]})
	}
	if s := r.Settlements; s.All() > 0 {
		list = append(list, pair{"Settlements that balanced", report.FormatCount(s.Balanced)})
		for _, x := range []struct {
			name string
			n    int64
		}{{"Settlements unbalanced by payments whose answers were lost", s.Explained}, {"Settlements not compared", s.Uncompared},
			{"Settlements unbalanced", s.Unbalanced}, {"Settlements not done", s.Failed}, {"Settlements cut off by the run's end", s.CutOff}, {"Settlements not done, and done by a later one", s.Repeated}} {
			if x.n > 0 {
				list = append(list, pair{x.name, report.FormatCount(x.n)})
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Faults)) {
		list = append(list, pair{"Faults injected: " + name, report.FormatCount(r.Faults[name])})
	}
	if r.Money.Owed > 0 {
		list = append(list, pair{"Reversals still owed at the end", report.FormatCount(r.Money.Owed)})
	}
	return list
}

func where(r *report.Report) []pair {
	e := r.Environment
	list := []pair{
		{"posfleet", e.Version}, {"Go", e.Go}, {"System", e.OS}, {"Machine", e.Hostname}, {"Processor", e.CPU},
		{"Cores", above(e.Cores)}, {"GOMAXPROCS", above(e.GOMAXPROCS)}, {"GOGC", e.GOGC}, {"GOMEMLIMIT", e.GOMEMLIMIT}, {"Clock source", e.Clock},
	}
	if e.ClockCost > 0 {
		list = append(list, pair{"Cost of reading the clock", e.ClockCost.String()})
	}
	if r.ClockDrift != 0 {
		list = append(list, pair{"Drift of wall against monotonic clock", r.ClockDrift.String()})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Plan.Digests)) {
		list = append(list, pair{"SHA-256 of " + name, r.Plan.Digests[name]})
	}
	return slices.DeleteFunc(list, func(x pair) bool { return x.Value == "" })
}

// notes say how the figures are to be read.
func notes(r *report.Report) []string {
	notes := []string{"Response time runs from the moment the exchange was due by the plan, service time from its write, both to the last octet of the answer. A timeout counts at the age it had."}
	var warm int64
	for _, l := range r.Labels {
		warm += l.Warmup.Sent() + l.Warmup[report.Unsent]
	}
	switch {
	case r.Plan.Warmup > 0:
		notes = append(notes, fmt.Sprintf("The first %s are warm-up: %s due in them are in the charts over time, and in no other figure.", lasting(r.Plan.Warmup), report.Plural(warm, "exchange")))
	default:
		notes = append(notes, "No warm-up was asked for: every exchange counts, the first ones too.")
	}
	if r.Validity.SameHost {
		notes = append(notes, "Host and generator shared this machine: no figure here is a capacity of the host.")
	}
	if r.Plan.Model == "closed" {
		notes = append(notes, "Closed model: latency excludes queueing before the terminal.")
	}
	return notes
}
