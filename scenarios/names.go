package scenarios

import (
	"cmp"
	"regexp"
	"strings"
	"unicode"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

// word is one of the few words that fill a placeholder, with what it means.
type word[T any] struct {
	english, chinese string
	means            T
}

// bothLanguages are the words in English, then in Chinese.
func bothLanguages[T any](words []word[T]) []string {
	return append(namesOf(words, false), namesOf(words, true)...)
}

// namesOf are the words in one language.
func namesOf[T any](words []word[T], chinese bool) (all []string) {
	for _, w := range words {
		if chinese {
			all = append(all, w.chinese)
		} else {
			all = append(all, w.english)
		}
	}
	return all
}

// oneOf is the pattern of any of the words, those of before too.
func oneOf[T any](words []word[T]) string {
	all := bothLanguages(words)
	for was, now := range older {
		for _, w := range words {
			if w.chinese == now {
				all = append(all, was)
			}
		}
	}
	for i, w := range all {
		all[i] = regexp.QuoteMeta(w)
	}
	return "(" + strings.Join(all, "|") + ")"
}

// meaning looks a word up, in either language.
func meaning[T any](words []word[T], text string) (means T) {
	text = current(text)
	for _, w := range words {
		if text == w.english || text == w.chinese {
			return w.means
		}
	}
	return means
}

// inEnglish looks a name up in a table of Chinese ones; what it does not have is
// left as it is.
func inEnglish(names map[string]string, name string) string { return cmp.Or(names[name], name) }

// roleInEnglish is the role of a card as profiles name it. The sentences have 卡
// after it, and may have 的 between.
func roleInEnglish(role string) string {
	role = strings.TrimSuffix(role, "的")
	role = cmp.Or(older[role], role)
	if code, is := strings.CutPrefix(role, "应答"); is {
		return dialect.CodeRole + strings.ToLower(code)
	}
	return cmp.Or(rolesChinese[role+"卡"], rolesChinese[role+"的卡"], role)
}

// isChinese reports whether there is a Chinese letter in a text.
func isChinese(text string) bool {
	return strings.ContainsFunc(text, func(c rune) bool { return unicode.Is(unicode.Han, c) })
}

// roleLike is a role in the language in which another one is said.
func roleLike(role, other string) string {
	for chinese, english := range rolesChinese {
		if english == role && isChinese(other) {
			return strings.TrimSuffix(strings.TrimSuffix(chinese, "卡"), "的")
		}
	}
	return role
}

// older are words of before with those that took their place; they are read for one
// release, as [Phrase.Was] is.
var older = map[string]string{
	"字段": "域",

	"丢失下一个请求": "请求报文丢失", "丢失下一个应答": "应答报文丢失", "让下一个应答迟到": "应答在超时后到达",
	"重复下一个请求": "请求报文重复送达", "重复下一个应答": "应答报文重复返回",
	"破坏下一个请求的MAC": "请求报文MAC错", "破坏下一个应答的MAC": "应答报文MAC错",
	"在下一个请求中途断开": "请求报文发送到一半时通讯中断", "在下一个应答中途断开": "应答报文接收到一半时通讯中断",

	"无发卡方": "无此发卡方", "错密码": "密码错", "有缺陷": "有缺陷的成功",

	"刷卡输密消费": "刷卡凭密消费", "查询余额": "余额查询", "余额不足消费": "余额不足卡消费",
}

// current is the word that took the place of an older one.
func current(word string) string { return cmp.Or(older[word], word) }

// rolesChinese are the Chinese names of cards by role, as they are spoken.
var rolesChinese = map[string]string{
	"正常卡": "good", "芯片卡": "chip", "外卡": "foreign", "巨额卡": "rich", "余额不足的卡": "poor", "过期卡": "expired", "被盗卡": "stolen", "挂失卡": "lost",
	"没收卡": "pick-up", "受限卡": "restricted", "冻结卡": "frozen", "睡眠卡": "sleeping", "无此发卡方的卡": "unknown-issuer", "无效卡": "invalid",
	"超限额卡": "over-limit", "超次数卡": "too-often", "密码超次的卡": "tries-exceeded", "密码错的卡": "wrong-pin",
	"发卡方故障的卡": "issuer-down", "中心异常的卡": "system-error", "有缺陷的成功卡": "defective", "作弊卡": "suspect",
	"需联系发卡方的卡": "issuer-contact", "不允许的卡": "not-permitted", "终端不允许的卡": "terminal-not-permitted", "扫码卡": "qr", "预付卡": "prepaid", "凭密扫码卡": "qr-password", "钱包账户": "wallet",
	"国密芯片卡": "sm-chip", "待锁定的卡": "to-block", "待解锁的卡": "to-unblock", "待改密的卡": "new-pin", "芯片优先的卡": "chip-first", "电子现金卡": "cash", "手机闪付卡": "phone", "签名验证的卡": "signer",
	"SDA卡": "sda", "DDA卡": "dda", "CDA卡": "cda", "认证失败即拒绝的卡": "strict", "证书过期的卡": "certificate-expired", "黑名单卡": "blacklisted", "存折": "passbook", "须验密的卡": "pin-always", "证书回收的卡": "certificate-revoked", "公钥过期的卡": "ca-expired", "公钥未下发的卡": "ca-unlisted",
}

// transactionsChinese are the Chinese names of transactions.
var transactionsChinese = func() map[string]string {
	names := map[string]string{}
	for t := range dialect.Transactions {
		names[t.Chinese()] = t.String()
	}
	return names
}()

// codesChinese are the Chinese names of response codes by role.
var codesChinese = map[string]dialect.Role{
	"交易成功": dialect.Approved, "部分批准": dialect.Partial, "不予承兑": dialect.Declined, "无效商户": dialect.UnknownMerchant,
	"无效交易": dialect.InvalidTransaction, "无效金额": dialect.InvalidAmount, "无效卡号": dialect.InvalidCard, "超出允许天数": dialect.TooLate,
	"没有原始交易": dialect.NoOriginal, "报文格式错": dialect.FormatError, "余额不足": dialect.InsufficientFunds, "卡已过期": dialect.ExpiredCard,
	"密码错": dialect.WrongPIN, "金额超限": dialect.OverLimit, "与原交易不符": dialect.OriginalDiffers, "请先签到": dialect.SignInFirst,
	"重复交易": dialect.Duplicate, "对账不平": dialect.TotalsDiffer, "系统异常": dialect.Malfunction, "终端未登记": dialect.UnknownTerminal,
	"PIN格式错": dialect.BadPINBlock, "MAC校验错": dialect.BadMAC, "终端已暂停": dialect.TerminalBarred, "卡片校验错": dialect.CardCheck, "请使用芯片": dialect.UseChip, "处理中": dialect.InProgress,
}

// policiesChinese are the Chinese names of the keys in policyKeys.
var policiesChinese = map[string]string{
	"冲正次数": "reversal-tries", "冲正原因": "reversal-reason", "冲正带原交易信息": "reversal-original", "应答不符时保留冲正": "keep-on-mismatch",
	"冲正失败终止交易": "abort-on-reversal", "有缺陷的成功视为成功": "defective-is-good", "验证主管密码": "supervisor", "结算后自动签退": "auto-sign-off",
	"磁道加密": "encrypt-tracks", "密钥校验错时保留旧密钥": "keep-old-keys", "冲正认可的应答码": "reversal-accepts", "签到方式": "sign-in", "支付成功提示": "order-paid",
	"每日签到": "daily-sign-in", "部分批准": "partial-approval", "退货限额": "refund-limit", "密码最少位数": "passwords.least", "密码最多位数": "passwords.most", "密码复杂度": "passwords.complex",
	"不得重复的密码个数": "passwords.unlike", "区分操作员号与密码": "passwords.tells",
	"挥卡免密限额": "tap-pin-above", "脱机批准限额": "offline-limit", "电子现金卡余额": "cash", "密码错误等待次数": "passwords.pause", "密码错误锁定次数": "passwords.lock", "金额小数位数": "decimals",
	"签名次数": "signature-tries", "签名上送次数": "signature-upload-tries", "签名分段字节数": "signature-part",
}

// policyInEnglish translates what is said of such a key.
var policyInEnglish = strings.NewReplacer("：", ": ", "至少", "at least ", "至多", "at most ", "不含", "not ", "或", " or ", ": 是", ": true", ": 否", ": false")

// elementsChinese are the Chinese names of elements, beside those of dialect files.
var elementsChinese = map[string]wire.Element{
	"卡号": wire.PAN, "处理码": wire.ProcessingCode, "金额": wire.Amount, "流水号": wire.Trace, "时间": wire.LocalTime, "日期": wire.LocalDate,
	"有效期": wire.Expiry, "输入方式": wire.EntryMode, "卡序列号": wire.CardSequence, "密码长度": wire.PINCapture, "二磁道": wire.Track2,
	"参考号": wire.RRN, "授权码": wire.AuthCode, "应答码": wire.ResponseCode, "冲正原因": wire.Reason, "终端号": wire.TerminalID,
	"商户号": wire.MerchantID, "货币": wire.Currency, "密码": wire.PINBlock, "芯片数据": wire.ChipData, "批次号": wire.Batch, "工作密钥": wire.WorkingKeys,
	"交易类型": wire.TransactionType, "网络管理码": wire.ManagementCode, "签名图像": wire.SignatureImage, "末段标志": wire.LastPart,
}
