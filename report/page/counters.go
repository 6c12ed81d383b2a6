package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"sync"
	"time"

	"github.com/posfleet/posfleet/report"
)

//go:embed counters.html
var countersHTML string

// Counter is something that a program counts.
type Counter struct {
	Name  string
	Value int64
	Level bool // it may fall again; its curve is of itself, not of what it gained in each second
}

// Counters are what a program that serves has counted since it began, and what it
// noticed.
type Counters struct {
	Title    string
	Asked    string // how it was asked for, a line
	Banner   []string
	Counters []Counter
	Noticed  []Counter // kinds, and how often
}

// LiveCounters serves counters as a page that grows, each with its curve. Nothing is
// counted for it: it reads what is there, once a second.
type LiveCounters struct {
	*Live
	now   func() Counters
	began time.Time

	mu      sync.Mutex
	latest  Counters
	history [][]int64 // values, a second each
}

// remembered is how many seconds a curve shows.
const remembered = 600

// NewLiveCounters makes the server of counters.
func NewLiveCounters(now func() Counters) *LiveCounters {
	c := &LiveCounters{now: now, began: time.Now()}
	c.Live = newLive(c.whole)
	c.sample()
	return c
}

// Tick reads the counters, and tells those who look on. It is to be called once a second.
func (c *LiveCounters) Tick() {
	c.sample()
	c.Live.Tick()
}

func (c *LiveCounters) sample() {
	now := c.now()
	values := make([]int64, len(now.Counters))
	for i, x := range now.Counters {
		values[i] = x.Value
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest, c.history = now, append(c.history, values)
	if len(c.history) > remembered+1 {
		c.history = c.history[1:]
	}
}

// counterPage is what the template shows.
type counterPage struct {
	Policy       string
	Style        template.CSS
	Follow       template.JS
	Title, When  string
	Asked        string
	Banner       []string
	Rows         []counterRow
	Noticed      []pair
	Seconds      int
	Wide, Height int
}

type counterRow struct {
	Name, Value, Last, Mean, Most string
	Zero                          bool
	Curve                         string // points of a polyline
}

func (c *LiveCounters) whole(*report.Report) (whole wholePage, parts map[string]any, err error) {
	t, err := parse("counters", countersHTML)
	if err != nil {
		return nil, nil, err
	}
	p := c.page()
	parts = map[string]any{"title": p.Title}
	whole, err = fill(t, p, parts)
	return whole, parts, err
}

// Size of a curve.
const (
	curveWide   = 320
	curveHeight = 36
)

func (c *LiveCounters) page() *counterPage {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &counterPage{
		Style: template.CSS(pageCSS), Follow: template.JS(liveJS), Title: c.latest.Title, Asked: c.latest.Asked, Banner: c.latest.Banner,
		When:    "since " + c.began.Format("2 January 2006, 15:04:05 MST") + ", " + lasting(time.Since(c.began).Round(time.Second)),
		Seconds: len(c.history) - 1, Wide: curveWide, Height: curveHeight,
	}
	p.Policy = fmt.Sprintf("default-src 'none'; connect-src 'self'; script-src '%s'; style-src '%s'; base-uri 'none'; form-action 'none'", digest(liveJS), digest(string(p.Style)))
	for i, x := range c.latest.Counters {
		p.Rows = append(p.Rows, c.row(i, x))
	}
	for _, n := range c.latest.Noticed {
		p.Noticed = append(p.Noticed, pair{n.Name, report.FormatCount(n.Value)})
	}
	return p
}

// row tells a counter; the lock is held.
func (c *LiveCounters) row(i int, x Counter) counterRow {
	var curve []int64
	for k := 1; k < len(c.history); k++ {
		v := c.history[k][i]
		if !x.Level {
			v -= c.history[k-1][i]
		}
		curve = append(curve, v)
	}
	r := counterRow{Name: x.Name, Value: report.FormatCount(x.Value), Zero: x.Value == 0, Last: "–", Mean: "–", Most: "–"}
	if len(curve) == 0 {
		return r
	}
	unit := "/s"
	if x.Level {
		unit = ""
	}
	var most, minute int64
	for k, v := range curve {
		most = max(most, v)
		if k >= len(curve)-60 {
			minute += v
		}
	}
	r.Last, r.Most = report.FormatCount(curve[len(curve)-1])+unit, report.FormatCount(most)+unit
	r.Mean = fmt.Sprintf("%.1f%s", float64(minute)/float64(min(60, len(curve))), unit)
	var points strings.Builder
	for k, v := range curve {
		fmt.Fprintf(&points, "%.1f,%.1f ", float64(curveWide)*float64(remembered-len(curve)+k+1)/remembered, (curveHeight-2)*(1-float64(v)/float64(max(1, most)))+1)
	}
	r.Curve = points.String()
	return r
}
