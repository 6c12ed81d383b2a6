package dialect

// Code is field 39: the response code of an answer, the reason of a reversal.
// The zero Code is none.
type Code [2]byte

// Class is what a response code means for the money.
type Class uint8

const (
	Declines  Class = iota
	Approves        // 00, 10 (part of the amount), 11
	Defective       // approves, but something of the answer was lost on the way: A2, A4, A5, A6
)

// CodeInfo is what a network says of a response code.
type CodeInfo struct {
	Code    string
	Class   Class
	For     []string // what terminals and hosts know it by
	Words   string   // what it means in an answer
	Display string   // what terminals show
	Keys    string   // the profile's keys to look at when a host answers it and should not
	Cards   []string // the roles of cards for which hosts usually answer it
}

// Reason is why a reversal is sent.
type Reason struct {
	Code  string
	For   string // no-answer, other or bad-mac: what terminals know it by; may be empty
	Words string
}

// Code39 makes a Code of two characters.
func Code39(s string) Code { return Code{s[0], s[1]} }

// Codes that terminals and hosts act on.
var (
	Approved     = Code39("00")
	Partial      = Code39("10")
	SignInFirst  = Code39("77") // the host has no keys for the terminal: sign in
	BadPINBlock  = Code39("99") // the PIN cannot be read: other keys? sign in again
	TotalsDiffer = Code39("95") // of a settlement: its flags say which do
	BadMAC       = Code39("A0") // the MAC is wrong: other keys? sign in again
	NoAnswer     = Code39("98") // reason of a reversal: the answer did not come
	OtherReason  = Code39("06") // reason of a reversal: the answer cannot be trusted
	VIP          = Code39("11")

	FormatError     = Code39("30") // the host cannot read the request
	Duplicate       = Code39("94") // the host has had this request before
	UnknownTerminal = Code39("97") // the host does not know terminal or merchant
)

// Class says what the code means for the money.
func (c Code) Class() Class {
	switch c {
	case Approved, Partial, VIP:
		return Approves
	case Code{'A', '2'}, Code{'A', '4'}, Code{'A', '5'}, Code{'A', '6'}:
		return Defective
	}
	return Declines
}

// KeysInDoubt reports whether a decline says that terminal and host have no key
// in common, so that no MAC could be right on it: 77, 97 and A0.
func (c Code) KeysInDoubt() bool { return c == SignInFirst || c == UnknownTerminal || c == BadMAC }

// IsWellFormed reports whether the code is two letters or digits, as field 39
// is defined (an 2).
func (c Code) IsWellFormed() bool { return isAlphanumeric(c[0]) && isAlphanumeric(c[1]) }

func isAlphanumeric(c byte) bool { return c-'0' <= 9 || c-'A' <= 25 || c-'a' <= 25 }

func (c Code) String() string { return string(c[:]) }

// Display is the text that terminals of the CUP family show for the code, ""
// for one that has none; wording differs a little from maker to maker.
func (c Code) Display() string { return codes[c].display }

// Words say what the code of an answer means, "" for one that is not known.
func (c Code) Words() string { return codes[c].words }

// Keys are the keys of the profile to look at when a host answers this code and
// should not, "" where the profile is not to blame.
func (c Code) Keys() string { return codes[c].keys }

// Reason says what the code means in a reversal, "" for one that is no reason.
func (c Code) Reason() string { return reasons[c] }

var reasons = map[Code]string{
	NoAnswer:     "no answer came in time",
	OtherReason:  "the answer could not be trusted, or another reason",
	BadMAC:       "the MAC of the answer was wrong",
	Code39("96"): "the terminal could not finish what the host approved",
	Code39("22"): "something was not as it should be",
}

// codes has the response codes of CUP; those that other networks have too mean
// the same there (ISO 8583:1987, annex A).
var codes = map[Code]struct{ words, display, keys string }{
	Code39("00"): {"approved", "交易成功", ""},
	Code39("01"): {"the issuer wants to be asked", "请持卡人与发卡银行联系", ""},
	Code39("02"): {"the issuer wants to be asked", "请与发卡行联系", ""},
	Code39("03"): {"the host does not know the merchant", "无效商户", "merchants"},
	Code39("04"): {"the card is to be kept", "此卡被没收", ""},
	Code39("05"): {"the issuer does not honour it", "持卡人认证失败", ""},
	Code39("06"): {"the issuer has a fault", "发卡行故障", ""},
	Code39("07"): {"the card is to be kept, for a reason of its own", "没收卡", ""},
	Code39("09"): {"being worked on, try again", "请重试", ""},
	Code39("10"): {"approved in part", "部分批准", ""},
	Code39("11"): {"approved, the cardholder is a VIP", "交易成功", ""},
	Code39("12"): {"the host does not take this transaction", "无效交易", "dialect"},
	Code39("13"): {"the host does not take this amount", "无效金额", ""},
	Code39("14"): {"no such card number", "无效卡号", ""},
	Code39("15"): {"no issuer for this card", "此卡无对应发卡方", ""},
	Code39("19"): {"do it again", "请重做交易", ""},
	Code39("20"): {"the answer of the issuer is not valid", "无效应答", ""},
	Code39("21"): {"the card is not active", "该卡未初始化或睡眠卡", ""},
	Code39("22"): {"not as it may be done, or after too many days", "操作有误或超出交易允许天数", ""},
	Code39("25"): {"the host finds no original transaction", "没有原始交易", ""},
	Code39("30"): {"the host cannot read the message, or a field is missing", "报文格式错, 请重试", "dialect, spec, tpdu, header"},
	Code39("34"): {"suspected fraud, the card is to be kept", "作弊卡, 吞卡", ""},
	Code39("38"): {"too many wrong PINs", "密码错误次数超限", ""},
	Code39("40"): {"the issuer does not support the transaction", "发卡方不支持的交易类型", ""},
	Code39("41"): {"the card was lost", "挂失卡, 请没收", ""},
	Code39("43"): {"the card was stolen", "被窃卡, 请没收", ""},
	Code39("45"): {"the chip must be used", "不允许降级交易, 请使用芯片", ""},
	Code39("51"): {"not enough money", "可用余额不足", ""},
	Code39("54"): {"the card has expired", "该卡已过期", ""},
	Code39("55"): {"wrong PIN", "密码错", ""},
	Code39("57"): {"not allowed to this card", "不允许此卡交易", ""},
	Code39("58"): {"not allowed at this terminal", "发卡方不允许该卡在本终端交易", "terminals, merchants"},
	Code39("59"): {"suspected fraud: the card does not check", "卡片校验错", ""},
	Code39("61"): {"above the limit for an amount", "交易金额超限", ""},
	Code39("62"): {"the card is restricted", "受限制的卡", ""},
	Code39("64"): {"not the amount of the original transaction", "交易金额与原交易不匹配", ""},
	Code39("65"): {"above the limit for a number of payments", "超出消费次数限制", ""},
	Code39("66"): {"acquirer or UnionPay want to be asked", "请联系收单行或银联", ""},
	Code39("68"): {"the issuer did not answer in time", "交易超时, 请重试", ""},
	Code39("75"): {"too many wrong PINs", "密码错误次数超限", ""},
	Code39("77"): {"the host has no keys for the terminal: sign in", "请向网络中心签到", "sign-in, terminals (master keys)"},
	Code39("90"): {"the host is closing its day", "系统日切, 请稍后重试", ""},
	Code39("91"): {"the issuer cannot be reached or does not work", "发卡方状态不正常, 请稍后重试", ""},
	Code39("92"): {"the line to the issuer does not work", "发卡方线路异常, 请稍后重试", ""},
	Code39("93"): {"the terminal is stopped", "终端停用", ""},
	Code39("94"): {"the host has this transaction already", "拒绝, 重复交易, 请稍后重试", ""},
	Code39("95"): {"the totals do not agree", "调节控制错", ""},
	Code39("96"): {"the host has a fault", "拒绝, 交换中心异常, 请稍后重试", ""},
	Code39("97"): {"the host does not know the terminal", "终端未登记", "terminals, merchants"},
	Code39("98"): {"no answer from the issuer", "发卡方超时", ""},
	Code39("99"): {"the host cannot read the PIN block", "PIN格式错, 请重新签到", "sign-in, terminals (master keys), cards (pin)"},
	Code39("A0"): {"the host finds the MAC wrong", "MAC校验错, 请重新签到", "mac, sign-in, terminals (master keys), spec"},
	Code39("A1"): {"the currencies of a transfer differ", "转账货币不一致", ""},
	Code39("A2"): {"approved, the issuer is to confirm", "交易成功, 请向发卡行确认", ""},
	Code39("A3"): {"the account is not right", "账户不正确", ""},
	Code39("A4"): {"approved, the issuer is to confirm", "交易成功, 请向发卡行确认", ""},
	Code39("A5"): {"approved, the issuer is to confirm", "交易成功, 请向发卡行确认", ""},
	Code39("A6"): {"approved, the issuer is to confirm", "交易成功, 请向发卡行确认", ""},
	Code39("A7"): {"the host's security module failed", "安全处理失败", "sign-in, terminals (master keys)"},
}
