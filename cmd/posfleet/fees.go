package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/plot"
	"github.com/posfleet/posfleet/sim/fee"
	"github.com/posfleet/posfleet/sim/strict"
)

func feesCommand() *cobra.Command {
	var plans, mix, out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "fees",
		Short: "what fee plans cost a shop, and where one becomes cheaper than another",
		Long: "Plays a shop's own trade (--mix) through fee plans (--plans), to the fen, and tells what each costs a\n" +
			"month by its parts, and at which turnover one becomes cheaper than another. Without files it takes\n" +
			"examples that come with posfleet; --show prints them, to start from. docs/fees.md has the keys.\n\n" + exitHelp,
		Args: cobra.NoArgs,
	}
	fl := cmd.Flags()
	fl.StringVar(&plans, "plans", "", "file of fee plans (default: examples of invented providers)")
	fl.StringVar(&mix, "mix", "", "file with a shop's trade of a month (default: the example of an invented shop)")
	fl.StringVar(&out, "out", "", "folder for fees.json and the pictures fees.svg and fees.png")
	fl.BoolVar(&asJSON, "json", false, "print JSON")
	show := fl.String("show", "", "print an example file: plans or mix")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if fl.Changed("show") {
			return showExample(cmd.OutOrStdout(), *show)
		}
		if err := feesApart(out, plans, mix); err != nil {
			return usage(err)
		}
		c, err := compareFees(plans, mix)
		if err != nil {
			return usage(err)
		}
		if out != "" {
			if err := saveFees(c, out); err != nil {
				return err
			}
		}
		if asJSON {
			return writeFeesJSON(cmd.OutOrStdout(), c)
		}
		writeFees(cmd.OutOrStdout(), c)
		return nil
	}
	return cmd
}

func showExample(w io.Writer, which string) error {
	text := map[string]func() []byte{"plans": fee.BundledYAML, "mix": fee.BundledMixYAML}[which]
	if text == nil {
		return usage(fmt.Errorf("--show %q: want plans or mix", which))
	}
	_, err := w.Write(text())
	return err
}

// comparedFees is a comparison, and whether it is of examples.
type comparedFees struct {
	*fee.Comparison
	examplePlans, exampleMix bool
}

// compareFees reads the files, or takes the examples, and orders plans by what they
// cost this shop.
func compareFees(plansFile, mixFile string) (*comparedFees, error) {
	plans, mix := fee.Bundled(), fee.BundledMix()
	if plansFile != "" {
		data, err := readSmall(plansFile)
		if err != nil {
			return nil, err
		}
		if plans, err = fee.Parse(plansFile, data); err != nil {
			return nil, err
		}
	}
	if mixFile != "" {
		data, err := readSmall(mixFile)
		if err != nil {
			return nil, err
		}
		if mix, err = fee.ParseMix(mixFile, data); err != nil {
			return nil, err
		}
	}
	c := fee.Compare(plans, mix)
	slices.SortStableFunc(c.Costs, func(a, b fee.Cost) int { return cmp.Compare(a.Total(), b.Total()) })
	return &comparedFees{c, plansFile == "", mixFile == ""}, nil
}

// readSmall reads a file that people write by hand; strict complains of a longer one.
func readSmall(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, strict.MaxFile+1))
}

// feesFiles are written into the folder of a comparison.
var feesFiles = []string{"fees.json", "fees.svg", "fees.png"}

// feesApart refuses to write over what a comparison was made of.
func feesApart(dir, plans, mix string) error {
	if dir == "" {
		return nil
	}
	for _, name := range feesFiles {
		if err := ofItsOwn(namedFile{"--out", filepath.Join(dir, name)}, []namedFile{{"--plans", plans}, {"--mix", mix}}); err != nil {
			return err
		}
	}
	return nil
}

// saveFees writes all forms of a comparison into a folder.
func saveFees(c *comparedFees, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return usage(fmt.Errorf("--out %s: %w", dir, err))
	}
	err := report.WriteFile(dir+"/fees.json", func(w io.Writer) error { return writeFeesJSON(w, c) })
	if err == nil {
		_, err = plot.SaveCosts(drawnFees(c.Comparison), dir)
	}
	if err != nil {
		return &exit{code: exitIncomplete, err: fmt.Errorf("--out %s: %w", dir, err)}
	}
	return nil
}

// drawnFees is a comparison as a picture has it: up to a bit beyond the shop's own
// turnover and the break-even points that are not far from it.
func drawnFees(c *fee.Comparison) plot.Costs {
	yuan := func(fen int64) float64 { return float64(fen) / 100 }
	end := c.Turnover
	stretches := c.Cheapest()
	for _, s := range stretches {
		if s.From <= 8*c.Turnover {
			end = max(end, s.From)
		}
	}
	end += end/4 + 1
	d := plot.Costs{Under: strings.Join(feesOf(c), ", "), Own: yuan(c.Turnover)}
	for i := range c.Costs {
		l := plot.CostLine{Name: c.Costs[i].Plan.Name}
		at := []int64{0, end}
		if back := c.Costs[i].Plan.Deposit.Needs(); back > 0 && back < end {
			at = []int64{0, back - 1, back, end}
		}
		for _, t := range at {
			l.Points = append(l.Points, plot.CostPoint{Turnover: yuan(t), Cost: yuan(c.At(i, t))})
		}
		d.Plans = append(d.Plans, l)
	}
	for _, s := range stretches[1:] {
		if s.From <= end && len(s.Cheapest) == 1 {
			d.BreakEvens = append(d.BreakEvens, plot.CostPoint{Turnover: yuan(s.From), Cost: yuan(c.At(s.Cheapest[0], s.From))})
		}
	}
	return d
}

// feesOf says what was compared: the shop's trade, and on what terms.
func feesOf(c *fee.Comparison) []string {
	m := c.Mix
	trade := fmt.Sprintf("%s: %s and %s yuan a month", m.Name, report.Plural(m.Count(), "sale"), report.FormatGroupedYuan(c.Turnover))
	terms := fmt.Sprintf("over %s, %s a month, ", report.Plural(int64(m.Months), "month"), report.Plural(int64(m.Payouts), "payout"))
	if m.Day.IsZero() {
		return []string{trade, terms + "without promotions"}
	}
	return []string{trade, terms + "promotions of " + m.Day.Format(time.DateOnly)}
}

// writeFees writes the comparison for people.
func writeFees(w io.Writer, c *comparedFees) {
	wide := len("yuan a month")
	for _, x := range c.Costs {
		wide = max(wide, report.Columns(x.Plan.Name))
	}
	row := func(name string, cells ...string) {
		line := name + strings.Repeat(" ", wide-report.Columns(name))
		for i, cell := range cells {
			line += fmt.Sprintf("  %*s", [6]int{10, 11, 9, 12, 11, 11}[i], cell)
		}
		fmt.Fprintln(w, line)
	}
	fmt.Fprintf(w, "%s\n\n", strings.Join(feesOf(c.Comparison), "\n"))
	row("yuan a month", "device", "maintenance", "payouts", "transactions", "in all", "of turnover")
	for i, x := range c.Costs {
		m := x.Monthly(c.Mix.Months)
		row(x.Plan.Name, report.FormatGroupedYuan(m.Device), report.FormatGroupedYuan(m.Maintenance), report.FormatGroupedYuan(m.Payouts),
			report.FormatGroupedYuan(m.Transactions), report.FormatGroupedYuan(m.Total()), shareOf(c.Comparison, i))
	}
	fmt.Fprintln(w)
	for _, x := range c.Costs {
		if d := x.Plan.Deposit; d.Amount > 0 {
			fmt.Fprintf(w, "deposit: %s\n", depositOf(x))
		}
	}
	if c.examplePlans {
		fmt.Fprintln(w, "example plans of invented providers, which nobody offers: --plans FILE takes yours")
	}
	if c.exampleMix {
		fmt.Fprintln(w, "example trade of an invented shop: --mix FILE takes yours")
	}
	if len(c.Costs) == 1 {
		return
	}
	fmt.Fprintln(w, "cheapest, by yuan of turnover a month of the same mix of sales:")
	for _, part := range stretchWords(c.Comparison, c.Cheapest()) {
		fmt.Fprintf(w, "  %s\n", part)
	}
	fmt.Fprintln(w, "of two:")
	for _, b := range c.BreakEvens() {
		fmt.Fprintf(w, "  %s, %s: %s\n", c.Costs[b.Plans[0]].Plan.Name, c.Costs[b.Plans[1]].Plan.Name, strings.Join(stretchWords(c.Comparison, b.Stretches), ", "))
	}
}

// shareOf is a plan's cost as a share of turnover, to a thousandth of a percent.
func shareOf(c *fee.Comparison, plan int) string {
	const thousandth = fee.Whole / 100_000
	n := c.Share(plan)/thousandth + c.Share(plan)%thousandth/(thousandth/2)
	return fmt.Sprintf("%s.%03d %%", report.FormatCount(int64(n/1000)), n%1000)
}

// depositOf says what becomes of a plan's deposit.
func depositOf(x fee.Cost) string {
	d := x.Plan.Deposit
	said := fmt.Sprintf("%s holds back %s yuan", x.Plan.Name, report.FormatGroupedYuan(d.Amount))
	if d.BackAfter == 0 {
		return said + " until the device is given back"
	}
	said += fmt.Sprintf(" until %s are sold within %s", report.FormatGroupedYuan(d.BackAfter), report.Plural(int64(d.Within), "month"))
	if x.Forfeits {
		return said + ", more than this shop sells: lost, and counted as device"
	}
	return said + ", which this shop does"
}

// stretchWords says which plans are cheapest from where to where.
func stretchWords(c *fee.Comparison, all []fee.Stretch) (said []string) {
	for i, s := range all {
		var names []string
		for _, p := range s.Cheapest {
			names = append(names, c.Costs[p].Plan.Name)
		}
		words := strings.Join(names, " and ")
		if len(names) > 1 {
			words += " alike"
		}
		switch last := i+1 == len(all); {
		case last && i == 0:
			words += " at any turnover"
		case last:
			words = "then " + words
		case i > 0 && all[i+1].From == s.From+1:
			words += " at " + report.FormatGroupedYuan(s.From)
		default:
			words += " up to " + report.FormatGroupedYuan(all[i+1].From-1)
		}
		said = append(said, words)
	}
	return said
}

// Forms of --json. Amounts are fen.
type (
	feesJSON struct {
		ExamplePlans bool            `json:"example_plans,omitempty"` // of invented providers
		ExampleMix   bool            `json:"example_mix,omitempty"`   // of an invented shop
		Mix          string          `json:"mix"`
		Turnover     int64           `json:"turnover_fen"` // a month
		Sales        int64           `json:"sales"`        // a month
		Months       int             `json:"months"`
		Payouts      int             `json:"payouts"` // a month
		Day          string          `json:"promotions_of,omitempty"`
		Plans        []planJSON      `json:"plans"` // cheapest first
		Cheapest     []stretchJSON   `json:"cheapest"`
		BreakEvens   []breakEvenJSON `json:"break_even"`
	}
	planJSON struct {
		Name    string   `json:"name"`
		Monthly costJSON `json:"month_fen"`
		Whole   costJSON `json:"all_months_fen"` // exact
		Share   int64    `json:"share_ppm"`      // of turnover
		Deposit int64    `json:"deposit_fen,omitempty"`
		Lost    bool     `json:"deposit_lost,omitempty"`
	}
	costJSON struct {
		Device       int64 `json:"device"`
		Maintenance  int64 `json:"maintenance"`
		Payouts      int64 `json:"payouts"`
		Transactions int64 `json:"transactions"`
		Total        int64 `json:"total"`
	}
	stretchJSON struct {
		From     int64    `json:"from_turnover_fen"`
		Cheapest []string `json:"cheapest"`
	}
	breakEvenJSON struct {
		Plans     [2]string     `json:"plans"`
		Stretches []stretchJSON `json:"stretches"`
	}
)

func writeFeesJSON(w io.Writer, c *comparedFees) error {
	const ppm = fee.Whole / 1_000_000
	m := c.Mix
	name := func(plan int) string { return c.Costs[plan].Plan.Name }
	parts := func(x fee.Cost) costJSON {
		return costJSON{x.Device, x.Maintenance, x.Payouts, x.Transactions, x.Total()}
	}
	stretches := func(all []fee.Stretch) (out []stretchJSON) {
		for _, s := range all {
			j := stretchJSON{From: s.From}
			for _, p := range s.Cheapest {
				j.Cheapest = append(j.Cheapest, name(p))
			}
			out = append(out, j)
		}
		return out
	}
	j := feesJSON{ExamplePlans: c.examplePlans, ExampleMix: c.exampleMix, Mix: m.Name, Turnover: c.Turnover, Sales: m.Count(), Months: m.Months, Payouts: m.Payouts,
		Cheapest: stretches(c.Cheapest()), BreakEvens: []breakEvenJSON{}}
	if !m.Day.IsZero() {
		j.Day = m.Day.Format(time.DateOnly)
	}
	for i, x := range c.Costs {
		j.Plans = append(j.Plans, planJSON{x.Plan.Name, parts(x.Monthly(m.Months)), parts(x), int64(c.Share(i)/ppm + c.Share(i)%ppm/(ppm/2)), x.Plan.Deposit.Amount, x.Forfeits})
	}
	for _, b := range c.BreakEvens() {
		j.BreakEvens = append(j.BreakEvens, breakEvenJSON{[2]string{name(b.Plans[0]), name(b.Plans[1])}, stretches(b.Stretches)})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(j)
}
