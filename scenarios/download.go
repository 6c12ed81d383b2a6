package scenarios

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/dialect"
)

// downloadsChinese are the Chinese names of what terminals download, and of what else a
// host may ask for in the header of an answer.
var downloadsChinese = map[string]string{
	"参数": "parameters", "公钥": "ca-keys", "国密公钥": "sm-ca-keys", "IC卡参数": "ic-parameters", "应用程序": "application", "卡BIN黑名单": "card-blacklist",
	"汇率": "rates", "非接参数": "contactless", "免密卡BIN": "no-pin-cards", "免密卡BIN黑名单": "no-pin-blacklist", "证书回收列表": "revoked-certificates", "状态": "status", "签到": "sign-in",
}

// ofDownload makes a Make for sentences about a download that {text} names.
func ofDownload(make func(a Args, name string) func(*sim.Player) error) func(Args) (func(*sim.Player) error, error) {
	return func(a Args) (func(*sim.Player) error, error) {
		name, d := inEnglish(downloadsChinese, a.Quoted(0)), a.Profile.Dialect
		switch {
		case len(d.Downloads) == 0:
			return nil, lack("dialect %s has no downloads", d.Name)
		case d.DownloadNamed(name) == nil && downloadKnown(name):
			return nil, lack("dialect %s has no download of its %s", d.Name, name)
		case d.DownloadNamed(name) == nil:
			return nil, fmt.Errorf("dialect %s has no download %q, want one of %s", d.Name, name, strings.Join(downloadsOf(d), ", "))
		}
		return make(a, name), nil
	}
}

// downloadKnown reports whether a name is one that features use.
func downloadKnown(name string) bool {
	for _, english := range downloadsChinese {
		if english == name {
			return true
		}
	}
	return false
}

func downloadsOf(d *dialect.Dialect) (all []string) {
	for _, of := range d.Downloads {
		all = append(all, of.Name)
	}
	return all
}

// required is the Make of the sentence in which the host wants something of the terminal.
func required(a Args) (func(*sim.Player) error, error) {
	what, d := inEnglish(downloadsChinese, a.Quoted(0)), a.Profile.Dialect
	of := d.DownloadNamed(what)
	switch {
	case d.Header.App == 0:
		return nil, lack("dialect %s has no header in which a host asks for something", d.Name)
	case of == nil && what != "status" && what != "sign-in" && downloadKnown(what):
		return nil, lack("dialect %s has no download of its %s", d.Name, what)
	case what != "status" && what != "sign-in" && (of == nil || of.Requirement == 0):
		return nil, fmt.Errorf("no digit of the header of dialect %s asks for %q", d.Name, what)
	}
	return func(p *sim.Player) error {
		return a.Admin.Do("POST", "/v1/terminals/"+p.T.TID+"/require", map[string]string{"what": what}, nil)
	}, nil
}

// setParameter is the Make of the sentence in which a bank sets a parameter of the terminal.
func setParameter(a Args) (func(*sim.Player) error, error) {
	code, value, d := a.Quoted(0), a.Quoted(1), a.Profile.Dialect
	if _, err := dialect.ParameterValue(code, value); err != nil {
		return nil, err
	}
	switch {
	case d.DownloadNamed("parameters") == nil:
		return nil, lack("dialect %s has no download of its parameters", d.Name)
	case a.Admin == nil:
		return nil, lack("only the host's admin API sets parameters, and the profile knows of none")
	}
	return func(p *sim.Player) error {
		path := "/v1/terminals/" + url.PathEscape(p.T.TID) + "/parameters"
		set := func(value string) error {
			return a.Admin.Do("PUT", path, map[string]string{"code": code, "value": value}, nil)
		}
		worldOf(p).undo(func() { set("") })
		return p.Away(func() error { return set(value) })
	}, nil
}

func downloadPhrases() []*Phrase {
	const group = "Downloads / 下载"
	return []*Phrase{
		{Group: group, English: "the host wants the terminal to see to its {text}", Chinese: "主机要求终端更新{text}", Admin: true,
			Doc:  "Answers to management messages ask for it in their header until the terminal has done so: a download by its name (\"ca-keys\", \"公钥\"), \"status\" or \"sign-in\" (\"状态\", \"签到\").",
			Make: required},
		{Group: group, English: "the bank withdraws its CA keys", Chinese: "银行撤销CA公钥", Admin: true,
			Doc: "The host tells this terminal of no CA key any more, until the terminal has heard so: until it ends a download of them.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				switch d := a.Profile.Dialect; {
				case d.DownloadNamed("ca-keys") == nil:
					return nil, lack("dialect %s has no download of its ca-keys", d.Name)
				case a.Admin == nil:
					return nil, lack("only the host's admin API withdraws CA keys, and the profile knows of none")
				}
				return func(p *sim.Player) error {
					return p.Away(func() error {
						return a.Admin.Do("DELETE", "/v1/terminals/"+url.PathEscape(p.T.TID)+"/ca-keys", nil, nil)
					})
				}, nil
			}},
		{Group: group, English: "the bank sets parameter {text} of the terminal to {text}", Chinese: "银行将终端参数{text}设为{text}", Admin: true,
			Doc:  "What the host tells this terminal when it downloads its parameters, by code: \"18\" tips are allowed (1) or not (0), \"19\" percent of a tip, \"20\" numbers may be typed in, \"21\" sign-off after settlement, \"23\" tries of a reversal, \"24\" advices go before the next payment (1) or before settlement (0), \"26\" which transactions it does, in hexadecimal.",
			Make: setParameter},
		{Group: group, English: "the terminal downloads its {text}", Chinese: "终端下载{text}", Of: dialect.DownloadLoad,
			Doc: "Fetches what the dialect names so (\"parameters\", \"ca-keys\", \"rates\" …; \"参数\", \"公钥\", \"汇率\"), whole, or the rest of it where that was cut off, and tells the host at the end.",
			Make: ofDownload(func(a Args, name string) func(*sim.Player) error {
				return func(p *sim.Player) error { return keepRefusal(p, p.Download(name)) }
			})},
		{Group: group, English: "the terminal has downloaded nothing", Chinese: "终端未下载任何数据",
			Doc: "It forgets what it has downloaded: CA keys too, without which it finds no chip authentic.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				if d := a.Profile.Dialect; len(d.Downloads) == 0 {
					return nil, lack("dialect %s has no downloads", d.Name)
				}
				return func(p *sim.Player) error { p.T.ForgetDownloads(); return nil }, nil
			}},
		{Group: group, English: "the power fails after {n} entries of its {text}", Chinese: "终端下载{text}{n}条后断电", Of: dialect.DownloadLoad,
			Doc: "As above, until so many messages have fetched entries; then the terminal is switched off and on.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := a.Int(0)
				if err != nil {
					return nil, err
				}
				return ofDownload(func(a Args, name string) func(*sim.Player) error {
					return func(p *sim.Player) error {
						err := p.DownloadSome(name, n)
						operator := p.T.Operator
						p.T.Link.Close()
						p.T.PowerOn()
						p.T.Operator = operator
						return keepRefusal(p, err)
					}
				})(a)
			}},
		{Group: group, English: "the terminal has {n} entries of its {text}", Chinese: "终端已下载{text}{n}条", Asserts: true,
			Doc: "So many came with the last download that ended; CA keys that have expired are not kept.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				n, err := a.Int(0)
				if err != nil {
					return nil, err
				}
				return ofDownload(func(a Args, name string) func(*sim.Player) error {
					return func(p *sim.Player) error {
						if got := p.T.Loaded(name); got != n && p.Last.Reason() != nil {
							return unexpected(p, fmt.Sprintf("%d entries of its %s", n, name))
						} else if got != n {
							return fmt.Errorf("the terminal has %d entries of its %s, want %d%s", got, name, n, refusedOf(p))
						}
						return nil
					}
				})(a)
			}},
		{Group: group, English: "a cashier signs in for points with a {role} card", Chinese: "收银员用{role}卡做积分签到", Of: dialect.CashierSignIn, Card: true,
			Doc: "Credits the cashier's own card; nobody logs in by it.",
			Make: func(a Args) (func(*sim.Player) error, error) {
				o, hs, err := cardOrder(a)
				if err != nil {
					return nil, err
				}
				return func(p *sim.Player) error {
					now := o
					now.Of, now.PIN, now.Holder = dialect.CashierSignIn, false, pickHolder(p, hs)
					worldOf(p).card = now.Holder.Card
					return keepRefusal(p, p.CashierSignIn(&now))
				}, nil
			}},
	}
}

// refusedOf says why the terminal refused last; empty when it did not.
func refusedOf(p *sim.Player) string {
	if why := worldOf(p).refusal; why != nil {
		return ": " + why.Error()
	}
	return ""
}
