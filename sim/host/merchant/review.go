package merchant

import (
	"slices"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim/fee"
)

// Reason is why an application is refused.
type Reason struct {
	ID      string `json:"id"`
	English string `json:"english"`
	Chinese string `json:"chinese"`
}

// Findings are what a reviewer found that the form does not say.
type Findings struct {
	Unclear    []string `json:"unclear,omitempty"`    // papers that cannot be read, or do not show the whole shop front
	Unanswered bool     `json:"unanswered,omitempty"` // nobody answered the phone
	Day        string   `json:"day,omitempty"`        // as of which papers must be valid; empty for today
}

// papers are what each kind of merchant shows.
var papers = map[string][]string{
	"company":    {"id-front", "id-back", "licence", "account-licence", "shop-front", "inside", "contract"},
	"individual": {"id-front", "id-back", "licence", "settlement-card", "shop-front", "inside", "contract"},
	"micro":      {"id-front", "id-back", "person-with-id", "settlement-card", "shop-front", "inside", "contract"},
}

// forbidden are the trades that are not taken: gambling, securities sold by telephone,
// escorts, pyramid selling.
var forbidden = []string{"7995", "6211", "7273", "5968"}

// sensitive are words that a merchant's short name may not have: they pretend to be
// somebody else.
var sensitive = []string{"银联", "银行", "人民币", "政府", "支付宝", "微信", "UnionPay", "Alipay", "WeChat"}

// providers are the agencies (外包服务机构) that may bring merchants.
var providers = []string{"", "ISO-0001", "ISO-0002"}

// leastValid is how long papers must be valid from the review on.
const leastValid = 3 // months

// reviewed is one rule of a review: it gives what is wrong in this case, and whether
// anything is.
var rules = []struct {
	Reason
	wrong func(r *Register, a *Application, found *Findings, day time.Time) bool
}{
	{Reason{"papers-missing", "papers are missing", "资料不全"}, func(_ *Register, a *Application, _ *Findings, _ time.Time) bool {
		return slices.ContainsFunc(papers[a.Kind], func(p string) bool { return !slices.Contains(a.Papers, p) })
	}},
	{Reason{"papers-unclear", "a photo is not clear, or does not show the whole shop front", "照片不清晰或门头不完整"}, func(_ *Register, _ *Application, found *Findings, _ time.Time) bool {
		return len(found.Unclear) > 0
	}},
	{Reason{"licence-missing", "a company or individual business needs its licence", "缺少营业执照"}, func(_ *Register, a *Application, _ *Findings, _ time.Time) bool {
		return a.Kind != "micro" && a.Licence == nil
	}},
	{Reason{"licence-name", "the name is not the licence's", "商户名称与营业执照不符"}, func(_ *Register, a *Application, _ *Findings, _ time.Time) bool {
		return a.Licence != nil && a.Licence.Name != a.Name
	}},
	{Reason{"licence-owner", "the legal person is not the licence's", "法人与营业执照不符"}, func(_ *Register, a *Application, _ *Findings, _ time.Time) bool {
		return a.Licence != nil && a.Licence.Owner != a.Person.Name
	}},
	{Reason{"licence-trade", "the MCC is not of the trade that the licence is for", "MCC与营业执照经营范围不符"}, func(_ *Register, a *Application, _ *Findings, _ time.Time) bool {
		return a.Licence != nil && a.Licence.MCC != a.MCC
	}},
	{Reason{"licence-expires", "the licence is valid for less than 3 months", "营业执照有效期不足3个月"}, func(_ *Register, a *Application, _ *Findings, day time.Time) bool {
		return a.Licence != nil && expires(a.Licence.Until, day)
	}},
	{Reason{"id-expires", "the identity card is valid for less than 3 months", "身份证有效期不足3个月"}, func(_ *Register, a *Application, _ *Findings, day time.Time) bool {
		return expires(a.Person.Until, day)
	}},
	{Reason{"account-kind", "a company is paid to its own account, not to a person's", "企业商户须结算到对公账户"}, func(_ *Register, a *Application, _ *Findings, _ time.Time) bool {
		return a.Kind == "company" && a.Account.Kind != "57"
	}},
	{Reason{"account-holder", "the account's holder is neither the merchant nor its legal person", "结算账户户名与商户不符"}, func(_ *Register, a *Application, _ *Findings, _ time.Time) bool {
		own := a.Account.Holder == a.Name
		if a.Account.Kind == "58" {
			own = a.Account.Holder == a.Person.Name
		}
		return !own
	}},
	{Reason{"account-class", "a personal account must be of class I", "结算账户须为I类户"}, func(_ *Register, a *Application, _ *Findings, _ time.Time) bool {
		return a.Account.Kind == "58" && a.Account.Class != "I"
	}},
	{Reason{"phone-unanswered", "the phone was not answered", "电话回访未接通"}, func(_ *Register, _ *Application, found *Findings, _ time.Time) bool {
		return found.Unanswered
	}},
	{Reason{"trade-forbidden", "this trade is not taken", "禁入行业"}, func(_ *Register, a *Application, _ *Findings, _ time.Time) bool {
		return slices.Contains(forbidden, a.MCC)
	}},
	{Reason{"name-sensitive", "the short name has a word that is somebody else's", "商户简称含敏感词"}, func(_ *Register, a *Application, _ *Findings, _ time.Time) bool {
		return slices.ContainsFunc(sensitive, func(w string) bool { return strings.Contains(a.ShortName, w) })
	}},
	{Reason{"micro-name", "a merchant without a licence is named 商户_ or 个体户 and the person's name", "小微商户名称应为“商户_姓名”或“个体户姓名”"}, func(_ *Register, a *Application, _ *Findings, _ time.Time) bool {
		return a.Kind == "micro" && a.Name != "商户_"+a.Person.Name && a.Name != "个体户"+a.Person.Name
	}},
	{Reason{"provider-unlicensed", "the agency is not registered with the acquirer", "外包服务机构未备案"}, func(_ *Register, a *Application, _ *Findings, _ time.Time) bool {
		return !slices.Contains(providers, a.Provider)
	}},
	{Reason{"region-differs", "the shop is not in the licence's region", "经营地址与营业执照地区不符"}, func(_ *Register, a *Application, _ *Findings, _ time.Time) bool {
		return a.Licence != nil && !strings.HasPrefix(a.Licence.Region, a.Region[:4])
	}},
	{Reason{"blacklisted", "the merchant or the person is on the risk list", "命中风险名单"}, func(r *Register, a *Application, _ *Findings, _ time.Time) bool {
		return r.black[a.credit()] || r.black[a.Person.ID]
	}},
	{Reason{"duplicate", "it is a merchant already, or has applied", "重复进件"}, func(r *Register, a *Application, _ *Findings, _ time.Time) bool {
		if r.signed[a.credit()] {
			return true
		}
		for _, o := range r.applications {
			if o != a && o.credit() == a.credit() && (o.State == approved || o.State == submitted && o.Number < a.Number) {
				return true
			}
		}
		return false
	}},
}

// reasons are all that is wrong with an application on a day; mu is held.
func (r *Register) reasons(a *Application, found *Findings, day time.Time) (all []Reason) {
	for i := range rules {
		if rules[i].wrong(r, a, found, day) && !(r.AnyPapers.Load() && strings.HasSuffix(rules[i].ID, "-expires")) {
			all = append(all, rules[i].Reason)
		}
	}
	return all
}

// since is what has come to be wrong with an approved application since its review: others
// may have been put on the risk list, or have signed; mu is held.
func (r *Register) since(a *Application) []Reason {
	return slices.DeleteFunc(r.reasons(a, &Findings{}, r.now().Add(a.ahead)), func(reason Reason) bool {
		return reason.ID != "blacklisted" && !(reason.ID == "duplicate" && r.signed[a.credit()])
	})
}

// Reasons are all for which applications are refused.
func Reasons() (all []Reason) {
	for _, r := range rules {
		all = append(all, r.Reason)
	}
	return all
}

// expires reports whether a paper is valid for less than leastValid months.
func expires(until string, day time.Time) bool {
	t, err := time.ParseInLocation(time.DateOnly, until, fee.China)
	return until != "" && (err != nil || t.Before(day.AddDate(0, leastValid, 0)))
}

func ids(reasons []Reason) string {
	var all []string
	for _, r := range reasons {
		all = append(all, r.ID)
	}
	return strings.Join(all, ", ")
}

// Blacklist puts a credit code or ID number on the risk list.
func (r *Register) Blacklist(number string) error {
	if len(number) != 18 {
		return fault(Malformed, "want a credit code or ID number of 18 characters", "应为18位统一社会信用代码或身份证号")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.black) >= mostApplications {
		return fault(WrongState, "the risk list is full", "风险名单已满")
	}
	r.black[number] = true
	if r.touched != nil {
		r.touched.black = append(r.touched.black, number)
	}
	r.note(Event{What: "blacklisted", English: masked(number) + " put on the risk list", Chinese: masked(number) + "列入风险名单"})
	return nil
}
