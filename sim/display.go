package sim

import "github.com/posfleet/posfleet/report"

// answers are the texts that terminals of the CUP family show for response
// codes; wording differs a little from maker to maker.
var answers = map[[2]byte]string{
	code("00"): "交易成功", code("01"): "请持卡人与发卡银行联系", code("02"): "请与发卡行联系", code("03"): "无效商户",
	code("04"): "此卡被没收", code("05"): "持卡人认证失败", code("06"): "发卡行故障", code("07"): "没收卡",
	code("09"): "请重试", code("10"): "部分批准", code("11"): "交易成功", code("12"): "无效交易",
	code("13"): "无效金额", code("14"): "无效卡号", code("15"): "此卡无对应发卡方", code("19"): "请重做交易",
	code("20"): "无效应答", code("21"): "该卡未初始化或睡眠卡", code("22"): "操作有误或超出交易允许天数",
	code("25"): "没有原始交易", code("30"): "报文格式错, 请重试", code("34"): "作弊卡, 吞卡", code("38"): "密码错误次数超限",
	code("40"): "发卡方不支持的交易类型", code("41"): "挂失卡, 请没收", code("43"): "被窃卡, 请没收",
	code("45"): "不允许降级交易, 请使用芯片", code("51"): "可用余额不足", code("54"): "该卡已过期", code("55"): "密码错",
	code("57"): "不允许此卡交易", code("58"): "发卡方不允许该卡在本终端交易", code("59"): "卡片校验错",
	code("61"): "交易金额超限", code("62"): "受限制的卡", code("64"): "交易金额与原交易不匹配", code("65"): "超出消费次数限制",
	code("66"): "请联系收单行或银联", code("68"): "交易超时, 请重试", code("75"): "密码错误次数超限",
	code("77"): "请向网络中心签到", code("90"): "系统日切, 请稍后重试", code("91"): "发卡方状态不正常, 请稍后重试",
	code("92"): "发卡方线路异常, 请稍后重试", code("93"): "终端停用", code("94"): "拒绝, 重复交易, 请稍后重试",
	code("95"): "调节控制错", code("96"): "拒绝, 交换中心异常, 请稍后重试", code("97"): "终端未登记",
	code("98"): "发卡方超时", code("99"): "PIN格式错, 请重新签到", code("A0"): "MAC校验错, 请重新签到",
	code("A1"): "转账货币不一致", code("A2"): "交易成功, 请向发卡行确认", code("A3"): "账户不正确",
	code("A4"): "交易成功, 请向发卡行确认", code("A5"): "交易成功, 请向发卡行确认", code("A6"): "交易成功, 请向发卡行确认",
	code("A7"): "安全处理失败",
}

func code(s string) [2]byte { return [2]byte{s[0], s[1]} }

// show is what the terminal shows after an exchange.
func show(r *Result) string {
	switch r.Outcome {
	case report.TimedOut, report.Open:
		return "交易超时"
	case report.Broken:
		return "通讯中断"
	case report.Unsent:
		return "连接主机失败"
	case report.Refused:
		return "应答报文校验错"
	}
	if text, ok := answers[r.Code]; ok {
		return text
	}
	if r.Outcome == report.Approved {
		return "交易成功"
	}
	return "交易失败 " + string(r.Code[:])
}
