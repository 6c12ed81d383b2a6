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

// Code39 makes a Code of two characters.
func Code39(s string) Code { return Code{s[0], s[1]} }

// Codes that terminals and hosts act on.
var (
	Approved    = Code39("00")
	Partial     = Code39("10")
	SignInFirst = Code39("77") // the host has no keys for the terminal: sign in
	BadPINBlock = Code39("99") // the PIN cannot be read: other keys? sign in again
	BadMAC      = Code39("A0") // the MAC is wrong: other keys? sign in again
	NoAnswer    = Code39("98") // reason of a reversal: the answer did not come
	OtherReason = Code39("06") // reason of a reversal: the answer cannot be trusted
	VIP         = Code39("11")

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
func (c Code) Display() string { return displays[c] }

var displays = map[Code]string{
	Code39("00"): "交易成功", Code39("01"): "请持卡人与发卡银行联系", Code39("02"): "请与发卡行联系", Code39("03"): "无效商户",
	Code39("04"): "此卡被没收", Code39("05"): "持卡人认证失败", Code39("06"): "发卡行故障", Code39("07"): "没收卡",
	Code39("09"): "请重试", Code39("10"): "部分批准", Code39("11"): "交易成功", Code39("12"): "无效交易",
	Code39("13"): "无效金额", Code39("14"): "无效卡号", Code39("15"): "此卡无对应发卡方", Code39("19"): "请重做交易",
	Code39("20"): "无效应答", Code39("21"): "该卡未初始化或睡眠卡", Code39("22"): "操作有误或超出交易允许天数",
	Code39("25"): "没有原始交易", Code39("30"): "报文格式错, 请重试", Code39("34"): "作弊卡, 吞卡", Code39("38"): "密码错误次数超限",
	Code39("40"): "发卡方不支持的交易类型", Code39("41"): "挂失卡, 请没收", Code39("43"): "被窃卡, 请没收",
	Code39("45"): "不允许降级交易, 请使用芯片", Code39("51"): "可用余额不足", Code39("54"): "该卡已过期", Code39("55"): "密码错",
	Code39("57"): "不允许此卡交易", Code39("58"): "发卡方不允许该卡在本终端交易", Code39("59"): "卡片校验错",
	Code39("61"): "交易金额超限", Code39("62"): "受限制的卡", Code39("64"): "交易金额与原交易不匹配", Code39("65"): "超出消费次数限制",
	Code39("66"): "请联系收单行或银联", Code39("68"): "交易超时, 请重试", Code39("75"): "密码错误次数超限",
	Code39("77"): "请向网络中心签到", Code39("90"): "系统日切, 请稍后重试", Code39("91"): "发卡方状态不正常, 请稍后重试",
	Code39("92"): "发卡方线路异常, 请稍后重试", Code39("93"): "终端停用", Code39("94"): "拒绝, 重复交易, 请稍后重试",
	Code39("95"): "调节控制错", Code39("96"): "拒绝, 交换中心异常, 请稍后重试", Code39("97"): "终端未登记",
	Code39("98"): "发卡方超时", Code39("99"): "PIN格式错, 请重新签到", Code39("A0"): "MAC校验错, 请重新签到",
	Code39("A1"): "转账货币不一致", Code39("A2"): "交易成功, 请向发卡行确认", Code39("A3"): "账户不正确",
	Code39("A4"): "交易成功, 请向发卡行确认", Code39("A5"): "交易成功, 请向发卡行确认", Code39("A6"): "交易成功, 请向发卡行确认",
	Code39("A7"): "安全处理失败",
}
