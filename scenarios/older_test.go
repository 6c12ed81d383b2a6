package scenarios

import (
	"reflect"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/sim/profile"
)

// olderSentences are Chinese sentences as they were written before, and as they are
// now: one at least for each [Phrase.Was] and each of the older words.
const olderSentences = `
操作员"123456"输入密码"0000" = 操作员"123456"用密码"0000"签到
操作员登录 = 操作员签到
操作员输入错误密码 = 操作员用错误密码签到
另一操作员登录 = 另一操作员签到
不存在的操作员登录 = 用不存在的操作员号签到
终端签到 = 终端做联机签到
终端如已签退则重新签到 = 终端按需重新签到
下一个流水号是3 = 终端下一个流水号为3
终端批次号错误 = 终端批次号与主机不一致
终端误以为已签到 = 终端未签到即发起交易
主机未登记的终端 = 终端未在主机登记
终端显示应答码的含义 = 终端显示应答码对应的提示
终端拒绝操作 = 终端提示错误且不上送报文
主机批准 = 交易成功
主机拒绝 = 交易被拒绝
主机应答"51" = 主机返回应答码"51"
主机按余额不足卡应答 = 主机返回余额不足的卡对应的应答码
线路中断 = 通讯中断
终端校验应答不通过 = 终端校验应答报文失败
没有多余的应答 = 没有多余的应答报文
终端得到余额 = 余额查询成功
线路丢失接下来的3个应答 = 接下来3笔交易的应答报文丢失
线路丢失应答, 直到冲正次数用完 = 应答报文一直丢失，直到冲正次数用完
持卡人用余额不足卡按限额消费 = 持卡人用余额不足的卡消费，金额等于单笔限额
持卡人用余额不足卡超限额一分消费 = 持卡人用余额不足的卡消费，金额比单笔限额多一分
操作员撤销上一笔消费 = 操作员对上一笔消费做消费撤销
操作员用主管密码"123456"撤销上一笔消费 = 操作员用主管密码"123456"对上一笔消费做消费撤销
操作员用错误的主管密码撤销上一笔消费 = 操作员用错误的主管密码对上一笔消费做消费撤销
操作员对上一笔消费退货, 金额超过限额 = 操作员对上一笔消费退货，金额超过退货限额
操作员再次撤销同一笔消费 = 操作员对同一笔消费再次做消费撤销
操作员撤销预授权 = 操作员做预授权撤销
操作员完成预授权1.00元 = 操作员做预授权完成（请求）1.00元
操作员以通知方式完成预授权1.00元 = 操作员做预授权完成（通知）1.00元
操作员撤销预授权完成 = 操作员做预授权完成撤销
操作员凭签购单撤销消费 = 操作员凭签购单做消费撤销
终端有待发冲正 = 终端有冲正标志
终端无待发冲正 = 终端无冲正标志
终端发送冲正 = 终端上送冲正
终端开始新的空批次 = 终端批结算后进入新批次
终端结算 = 终端批结算
终端漏记上一笔交易 = 终端少记一笔流水
批次内消费1.00元共3笔, 贷记2.50元共4笔 = 批次内借记1.00元共3笔，贷记2.50元共4笔
批次为空 = 终端无交易流水
终端先发送未应答交易的冲正 = 终端先自动冲正上一笔未应答交易
主机确认冲正 = 冲正成功
共发送3次冲正 = 共上送3次冲正
冲正已发送至规定次数 = 冲正已达到规定次数
共发送3个报文 = 共上送3个报文
3秒内每秒到达4位持卡人, 他们 = 持续3秒，每秒发起4笔交易，交易占比：
第99.9百分位的"qr-purchase"低于3毫秒 = 扫码支付交易99.9分位响应时间低于3毫秒
无应答的交易少于百分之99.9 = 交易超时率低于99.9%
所有到达均已处理 = 所有交易均已发起
线路丢失下一个请求 = 下一笔交易的请求报文丢失
线路丢失下一个应答 = 下一笔交易的应答报文丢失
线路让下一个应答迟到 = 下一笔交易的应答在超时后到达
线路重复下一个请求 = 下一笔交易的请求报文重复送达
线路重复下一个应答 = 下一笔交易的应答报文重复返回
线路破坏下一个请求的MAC = 下一笔交易的请求报文MAC错
线路破坏下一个应答的MAC = 下一笔交易的应答报文MAC错
线路在下一个请求中途断开 = 下一笔交易的请求报文发送到一半时通讯中断
线路在下一个应答中途断开 = 下一笔交易的应答报文接收到一半时通讯中断
持卡人用无发卡方卡消费1.00元 = 持卡人用无此发卡方的卡消费1.00元
持卡人用错密码卡消费1.00元, 刷卡 = 持卡人用密码错的卡消费1.00元，刷卡
操作员用有缺陷卡做预授权1.00元 = 操作员用有缺陷的成功卡做预授权1.00元
`

// What testers have written is read for one release, and means what it meant.
func TestOlderWordingMeansTheSame(t *testing.T) {
	p, err := profile.Bundled("cup", 4)
	if err != nil {
		t.Fatal(err)
	}
	l := NewLanguage(p)
	bind := func(text string) *Bound {
		t.Helper()
		sen := Sentence{Text: text, Line: 1}
		if strings.Contains(text, "每秒") {
			sen.Table = [][]string{{"交易", "占比"}, {"消费", "1 %"}}
		}
		b, err := l.Bind(&Scenario{Feature: &Feature{Path: "x"}, Steps: []Sentence{sen}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		readings := 0
		for _, ph := range Phrases() {
			for i := range ph.patterns {
				if ph.patterns[i].compiled().MatchString(text) {
					readings++
				}
			}
		}
		if readings != 1 {
			t.Errorf("%q can be read in %d ways", text, readings)
		}
		return b
	}
	shown := map[*Phrase]bool{}
	for line := range strings.Lines(strings.TrimSpace(olderSentences)) {
		was, now, _ := strings.Cut(strings.TrimSpace(line), " = ")
		old, current := bind(was), bind(now)
		if old.Phrase != current.Phrase || old.Role != current.Role || !sameMeaning(old.Args.Words, current.Args.Words) {
			t.Errorf("%q is %q of %v, %q is %q of %v", was, old.Phrase.English, old.Args.Words, now, current.Phrase.English, current.Args.Words)
		}
		if ph := old.Phrase; ph.Was != "" {
			shown[ph] = true
			if i := len(ph.patterns) - 1; i != 2 || !ph.patterns[i].compiled().MatchString(was) {
				t.Errorf("%q is not the older wording of %q", was, ph.English)
			}
		}
	}
	for _, ph := range Phrases() {
		if ph.Was != "" && !shown[ph] {
			t.Errorf("no sentence shows the older wording %q", ph.Was)
		}
	}
	for was := range older {
		if !strings.Contains(olderSentences+olderFeature+olderLoad, was) {
			t.Errorf("nothing shows the older word %q", was)
		}
	}
}

const olderFeature = `# language: zh-CN
功能: 撤销
  场景: 撤销无应答须冲正
    假如 终端开始新的空批次
    当 持卡人用正常卡消费44.00元
    并且 线路丢失下一个应答
    并且 操作员撤销上一笔消费
    那么 终端有待发冲正
    当 终端发送冲正
    那么 冲正报文包含:
      | 字段 | 值           |
      | 3    | 200000       |
      | 11   | 与原交易相同 |
    当 持卡人用余额不足卡消费1000.00元
    那么 主机按余额不足卡应答
    当 终端结算
    那么 对账平
`

func TestFeatureInOlderWordingIsPlayed(t *testing.T) {
	p, d := bundledHost(t, "cup")
	f, err := ParseFeature("older.feature", []byte(olderFeature))
	if err != nil {
		t.Fatal(err)
	}
	if v := play(t, p, d, f.Scenarios[0]); v.Reason != nil {
		t.Errorf("%s: %q: %v", v.At, v.Step, v.Reason)
	}
}

const olderLoad = `# language: zh-CN
功能: 午高峰
  @load @core-load-9
  场景: 食堂午高峰
    假如 800台终端已签到
    并且 前2秒为预热
    当 10秒内每秒到达400位持卡人, 他们
      | 事项         | 占比 |
      | 扫码支付     | 60 % |
      | 刷卡输密消费 | 20 % |
      | 余额不足消费 | 15 % |
      | 查询余额     | 5 %  |
    那么 第99百分位的"qr-purchase"低于250毫秒
    并且 第95百分位的"purchase"低于200毫秒
    并且 无应答的交易少于百分之0.1
    并且 所有到达均已处理
    并且 终端与主机账目一致
`

const presentLoad = `# language: zh-CN
功能: 午高峰
  @load @core-load-9
  场景: 食堂午高峰
    假如 800台终端已签到
    并且 前2秒为预热
    当 持续10秒，每秒发起400笔交易，交易占比：
      | 交易           | 占比 |
      | 扫码支付       | 60 % |
      | 刷卡凭密消费   | 20 % |
      | 余额不足卡消费 | 15 % |
      | 余额查询       | 5 %  |
    那么 扫码支付交易99分位响应时间低于250毫秒
    并且 purchase交易95分位响应时间低于200毫秒
    并且 交易超时率低于0.1％
    并且 所有交易均已发起
    并且 终端与主机账目一致
`

// In both the transactions of a limit may be said in English and in Chinese.
func TestLoadInOlderWordingIsTheSameRun(t *testing.T) {
	p, err := profile.Bundled("cup", 4)
	if err != nil {
		t.Fatal(err)
	}
	var runs []*Load
	for _, text := range []string{olderLoad, presentLoad, strings.Replace(presentLoad, "purchase交易", "消费交易", 1), strings.Replace(olderLoad, `"qr-purchase"`, `“扫码支付”`, 1)} {
		f, err := ParseFeature("x.feature", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		load, err := NewLanguage(p).CompileLoad(f.Scenarios[0], []*Feature{f})
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, load)
	}
	want := runs[0]
	if len(want.Limits) != 4 || want.Limits[0] != "p99 of qr-purchase < 250ms" || want.Limits[1] != "p95 of purchase < 200ms" {
		t.Errorf("limits %q", want.Limits)
	}
	for i, load := range runs[1:] {
		if load.Rate != want.Rate || load.For != want.For || load.Terminals != want.Terminals || load.Warmup != want.Warmup || load.Books != want.Books ||
			!reflect.DeepEqual(load.Limits, want.Limits) || !reflect.DeepEqual(load.Shares, want.Shares) {
			t.Errorf("run %d is %+v, want %+v", i+1, load, want)
		}
		for j, plan := range load.Plans {
			if plan.ID != want.Plans[j].ID {
				t.Errorf("run %d plays %s, want %s", i+1, plan.ID, want.Plans[j].ID)
			}
		}
	}
}

// Features that come with posfleet show how it is written now, and no sentence of
// theirs can be read in two ways.
func TestFeaturesAreInPresentWording(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine reads every sentence: half a minute under the race detector, with no race to find")
	}
	fs, err := ReadFeatures(features.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fs {
		for _, s := range f.Scenarios {
			for _, sen := range s.Steps {
				readings := 0
				for _, ph := range Phrases() {
					for i := range ph.patterns {
						if !ph.patterns[i].compiled().MatchString(sen.Text) {
							continue
						}
						if readings++; i == 2 {
							t.Errorf("%s: %q is older wording", f.at(sen.Line), sen.Text)
						}
					}
				}
				if readings != 1 {
					t.Errorf("%s: %q can be read in %d ways", f.at(sen.Line), sen.Text, readings)
				}
				if len(sen.Table) > 0 && older[sen.Table[0][0]] != "" {
					t.Errorf("%s: the table is headed %q, want %q", f.at(sen.Line), sen.Table[0][0], older[sen.Table[0][0]])
				}
			}
		}
	}
}
