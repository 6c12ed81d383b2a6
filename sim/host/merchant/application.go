package merchant

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/posfleet/posfleet/sim/fee"
)

// Application is what a shop asks for (商户进件), and what has become of it.
type Application struct {
	Number string `json:"number"` // given when it is first submitted, and kept when it is corrected
	Form
	State   string    `json:"state"` // submitted, approved, refused, lapsed or signed
	Reasons []Reason  `json:"reasons,omitempty"`
	MID     string    `json:"mid,omitempty"` // once it is signed
	Changed time.Time `json:"changed"`       // when it came to its state

	ahead time.Duration // its clock, of the host's
}

// States of an application.
const (
	submitted = "submitted"
	approved  = "approved"
	refused   = "refused"
	lapsed    = "lapsed"
	signed    = "signed"
)

// Form is the data of an application.
type Form struct {
	Kind      string   `json:"kind"` // company, individual (个体户, with a licence) or micro (小微, without)
	Name      string   `json:"name"`
	ShortName string   `json:"short_name"` // as slips have it
	MCC       string   `json:"mcc"`
	City      string   `json:"city"`   // four digits, as MIDs have it
	Region    string   `json:"region"` // administrative code, six digits
	Address   string   `json:"address"`
	Place     Place    `json:"place"` // of the shop, where its terminals stand
	Phone     string   `json:"phone"`
	Provider  string   `json:"provider,omitempty"` // the agency that brings it; none for the acquirer itself
	Licence   *Licence `json:"licence,omitempty"`
	Person    Person   `json:"person"` // legal person, or in charge
	Account   Account  `json:"account"`
	Plan      string   `json:"plan"`  // fee plan
	Class     string   `json:"class"` // standard, favoured or exempt; empty for standard
	Papers    []string `json:"papers"`
}

// Place is on the earth, in degrees.
type Place struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

func (p Place) onEarth() bool {
	return math.Abs(p.Latitude) <= 90 && math.Abs(p.Longitude) <= 180
}

// Licence is the business licence (营业执照) as its paper says.
type Licence struct {
	Code   string `json:"code"` // unified social credit code, 18 characters
	Name   string `json:"name"`
	Owner  string `json:"owner"`
	Region string `json:"region"`
	MCC    string `json:"mcc"`   // of the trade that it is for
	Until  string `json:"until"` // day; empty for no end
}

// Person is a person.
type Person struct {
	Name  string `json:"name"`
	ID    string `json:"id"` // citizen's number, 18 characters
	Until string `json:"until"`
}

// Account is where the money is to go.
type Account struct {
	Kind   string `json:"kind"` // 57 of a company (对公), 58 of a person (对私)
	Holder string `json:"holder"`
	Number string `json:"number"`
	Bank   string `json:"bank"`  // 12 digits
	Class  string `json:"class"` // of a personal one: I, II or III
}

// credit is by what the merchant is known: its credit code, without a licence the ID number
// of the person in charge.
func (f *Form) credit() string {
	if f.Licence != nil {
		return f.Licence.Code
	}
	return f.Person.ID
}

// shapes are what the values of a form look like.
var shapes = []struct {
	field             string
	value             func(*Form) string
	shape             *regexp.Regexp
	want, wantChinese string
}{
	{"kind", func(f *Form) string { return f.Kind }, regexp.MustCompile(`^(company|individual|micro)$`), "company, individual or micro", "company（企业）、individual（个体工商户）或micro（小微）"},
	{"mcc", func(f *Form) string { return f.MCC }, regexp.MustCompile(`^\d{4}$`), "4 digits", "4位数字"},
	{"city", func(f *Form) string { return f.City }, regexp.MustCompile(`^\d{4}$`), "4 digits", "4位数字"},
	{"region", func(f *Form) string { return f.Region }, regexp.MustCompile(`^\d{6}$`), "6 digits", "6位数字"},
	{"phone", func(f *Form) string { return f.Phone }, regexp.MustCompile(`^\d{7,12}$`), "7 to 12 digits", "7至12位数字"},
	{"person.id", func(f *Form) string { return f.Person.ID }, regexp.MustCompile(`^\d{17}[\dX]$`), "17 digits and a check digit", "17位数字加校验位"},
	{"account.kind", func(f *Form) string { return f.Account.Kind }, regexp.MustCompile(`^5[78]$`), "57 of a company or 58 of a person", "57（对公）或58（对私）"},
	{"account.number", func(f *Form) string { return f.Account.Number }, regexp.MustCompile(`^\d{8,32}$`), "8 to 32 digits", "8至32位数字"},
	{"account.bank", func(f *Form) string { return f.Account.Bank }, regexp.MustCompile(`^\d{12}$`), "12 digits", "12位数字"},
	{"account.class", func(f *Form) string { return f.Account.Class }, regexp.MustCompile(`^(|I|II|III)$`), "I, II, III or nothing", "I、II、III或空"},
	{"class", func(f *Form) string { return f.Class }, regexp.MustCompile(`^(|standard|favoured|exempt)$`), "standard, favoured or exempt", "standard（标准）、favoured（优惠）或exempt（减免）"},
}

var (
	codeShape    = regexp.MustCompile(`^[0-9A-HJ-NPQRTUWXY]{18}$`)
	classes      = map[string]fee.Class{"": fee.Standard, "standard": fee.Standard, "favoured": fee.Favoured, "exempt": fee.Exempt}
	longestText  = 60
	longestPaper = 20
)

// wellFormed finds what cannot be a form at all. No value is told: it may be a person's.
func (r *Register) wellFormed(f *Form) error {
	bad := func(field, want, chinese string) error {
		return &Error{Malformed, field + ": want " + want, field + "格式不符（应为" + chinese + "）"}
	}
	for _, s := range shapes {
		if !s.shape.MatchString(s.value(f)) {
			return bad(s.field, s.want, s.wantChinese)
		}
	}
	texts := map[string]string{"name": f.Name, "short_name": f.ShortName, "address": f.Address, "person.name": f.Person.Name, "account.holder": f.Account.Holder}
	days := map[string]string{"person.until": f.Person.Until}
	if f.Provider != "" {
		texts["provider"] = f.Provider
	}
	if l := f.Licence; l != nil {
		if !codeShape.MatchString(l.Code) {
			return bad("licence.code", "a credit code of 18 characters", "18位统一社会信用代码")
		}
		for field, text := range map[string]string{"licence.name": l.Name, "licence.owner": l.Owner, "licence.region": l.Region, "licence.mcc": l.MCC} {
			texts[field] = text
		}
		days["licence.until"] = l.Until
	}
	for i, paper := range f.Papers {
		texts[fmt.Sprintf("papers[%d]", i+1)] = paper
	}
	for field, text := range texts {
		if n := utf8.RuneCountInString(text); n == 0 || n > longestText || strings.ContainsFunc(text, unseen) {
			return bad(field, fmt.Sprintf("1 to %d characters that can be seen", longestText), fmt.Sprintf("1至%d个可见字符", longestText))
		}
	}
	for field, day := range days {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return bad(field, "a day as 2030-01-31, or nothing for no end", "日期，如2030-01-31；长期则为空")
		}
	}
	if utf8.RuneCountInString(f.ShortName) > 40 {
		return bad("short_name", "at most 40 characters", "最多40个字符")
	}
	if !isID(f.Person.ID) {
		return bad("person.id", "a right check digit", "正确的校验位")
	}
	if len(f.Papers) > longestPaper {
		return bad("papers", fmt.Sprintf("at most %d", longestPaper), fmt.Sprintf("最多%d份", longestPaper))
	}
	if !f.Place.onEarth() {
		return bad("place", "degrees", "度数：纬度-90至90，经度-180至180")
	}
	if r.plan(f.Plan) == nil {
		var names []string
		for _, p := range r.profile.Plans {
			names = append(names, p.Name)
		}
		return bad("plan", "one of "+strings.Join(names, ", "), "其中之一："+strings.Join(names, "、"))
	}
	return nil
}

// unseen are characters that are not to be seen, or turn the order of others around: whoever
// reads a name would read another one.
func unseen(c rune) bool { return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) }

// isID reports whether the check digit of a citizen's number is right (GB 11643,
// ISO 7064 MOD 11-2).
func isID(id string) bool {
	sum := 0
	for _, c := range id[:17] {
		sum = (sum + int(c-'0')) * 2 % 11
	}
	return id[17] == "10X98765432"[sum]
}

// plan is the fee plan of a name.
func (r *Register) plan(name string) *fee.Plan {
	for _, p := range r.profile.Plans {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Submit takes a new application in.
func (r *Register) Submit(f Form) (Application, error) {
	if err := r.wellFormed(&f); err != nil {
		return Application{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.applications) >= mostApplications {
		return Application{}, fault(WrongState, "the register has %d applications and takes no more", "进件数已达上限%d", mostApplications)
	}
	r.numbered++
	a := &Application{Number: fmt.Sprintf("A%s%06d", r.now().In(fee.China).Format("060102"), r.numbered), Form: f}
	r.applications[a.Number] = a
	r.turn(a, submitted, "application submitted", "进件提交")
	return a.shown(), nil
}

// Correct changes a refused application, which is reviewed anew under its old number.
func (r *Register) Correct(number string, f Form) (Application, error) {
	if err := r.wellFormed(&f); err != nil {
		return Application{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	a, err := r.application(number)
	if err != nil {
		return Application{}, err
	}
	if a.State != refused && a.State != submitted {
		return Application{}, a.not("corrected", "修改")
	}
	a.Form = f
	r.turn(a, submitted, "application corrected", "进件补件")
	return a.shown(), nil
}

// Review decides on an application by the rules and what the reviewer found.
func (r *Register) Review(number string, found Findings) (Application, error) {
	var day time.Time
	if found.Day != "" {
		t, err := time.ParseInLocation(time.DateOnly, found.Day, fee.China)
		if err != nil || t.Year() < 2000 || t.Year() > 2099 {
			return Application{}, fault(Malformed, "day: want a day as 2026-11-26", "day格式不符（如2026-11-26）")
		}
		day = t
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	a, err := r.application(number)
	if err != nil {
		return Application{}, err
	}
	if a.State != submitted {
		return Application{}, a.not("reviewed", "审核")
	}
	if day.IsZero() {
		day = r.now().Add(a.ahead)
	}
	if reasons := r.reasons(a, &found, day); len(reasons) > 0 {
		r.turnDown(a, reasons)
	} else {
		r.turn(a, approved, "application approved", "进件通过")
	}
	return a.shown(), nil
}

// turnDown refuses an application.
func (r *Register) turnDown(a *Application, reasons []Reason) {
	r.turn(a, refused, "application refused: "+ids(reasons), "进件驳回："+ids(reasons))
	a.Reasons = reasons
}

// signWithin is how long an approved application waits for its contract to be signed.
const signWithin = 30 * 24 * time.Hour

// Sign makes a merchant of an approved application.
func (r *Register) Sign(number string) (Merchant, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, err := r.application(number)
	if err != nil {
		return Merchant{}, err
	}
	r.lapse(a, r.now().Add(a.ahead))
	if a.State != approved {
		return Merchant{}, a.not("signed", "签约")
	}
	if reasons := r.since(a); len(reasons) > 0 {
		r.turnDown(a, reasons)
		return Merchant{}, fault(Refused, "application %s was approved and is refused now: %s", "进件%s审核通过后被驳回：%s", number, ids(reasons))
	}
	if len(r.merchants) >= mostMerchants {
		return Merchant{}, fault(WrongState, "the register has %d merchants and takes no more", "商户数已达上限%d", mostMerchants)
	}
	m := &Merchant{Name: a.ShortName, Application: number, Plan: a.Plan, State: active, Since: r.now().Add(a.ahead), Account: masked(a.Account.Number), place: a.Place, ahead: a.ahead}
	for n := 5001; m.MID == ""; n++ {
		if mid := fmt.Sprintf("999%s%s%04d", a.City, a.MCC, n); r.merchants[mid] == nil {
			m.MID = mid
		}
		if n == 9999 && m.MID == "" {
			return Merchant{}, fault(WrongState, "no number is left for merchants of city %s and MCC %s", "地区%s、MCC %s的商户号已用完", a.City, a.MCC)
		}
	}
	if !r.account(m, r.plan(a.Plan), classes[a.Class]) {
		return Merchant{}, fault(WrongState, "merchant %s has accounts already", "商户%s已有账户", m.MID)
	}
	r.merchants[m.MID] = m
	r.touch(nil, m, nil)
	r.signed[a.credit()] = true
	a.MID = m.MID
	r.turn(a, signed, "contract signed, merchant "+m.MID, "签约成功，商户号"+m.MID)
	return *m, nil
}

// lapse ends an approved application that nobody signed in time.
func (r *Register) lapse(a *Application, now time.Time) {
	if a.State == approved && now.Sub(a.Changed) > signWithin && !r.NeverLapses.Load() {
		r.turn(a, lapsed, "approved and not signed for 30 days: lapsed", "审核通过后30天未签约，进件失效")
	}
}

// Applications are all of them, by number.
func (r *Register) Applications() []Application {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Application, 0, len(r.applications))
	for _, a := range r.applications {
		all = append(all, a.shown())
	}
	slices.SortFunc(all, func(a, b Application) int { return compare(a.Number, b.Number) })
	return all
}

// Application is the one of a number.
func (r *Register) Application(number string) (Application, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, err := r.application(number)
	if err != nil {
		return Application{}, err
	}
	return a.shown(), nil
}

func (r *Register) application(number string) (*Application, error) {
	if a := r.applications[number]; a != nil {
		return a, nil
	}
	return nil, fault(NotThere, "there is no application %s", "无此进件%s", number)
}

// turn brings an application into a state.
func (r *Register) turn(a *Application, state, english, chinese string) {
	a.State, a.Reasons, a.Changed = state, nil, r.now().Add(a.ahead)
	r.touch(a, nil, nil)
	r.note(Event{What: "application-" + state, Subject: a.Number, MID: a.MID, English: english, Chinese: chinese})
}

func (a *Application) not(done, chinese string) error {
	return fault(WrongState, "application %s is %s, it cannot be "+done, "进件%s状态为%s，不能"+chinese, a.Number, a.State)
}

// shown is what others see of an application: numbers of persons and accounts masked.
func (a *Application) shown() Application {
	s := *a
	s.Person.ID, s.Account.Number = masked(s.Person.ID), masked(s.Account.Number)
	s.Papers, s.Reasons = slices.Clone(a.Papers), slices.Clone(a.Reasons)
	return s
}

// masked leaves the last four characters.
func masked(number string) string {
	n := max(len(number)-4, 0)
	return strings.Repeat("*", n) + number[n:]
}
