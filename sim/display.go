package sim

import "github.com/posfleet/posfleet/report"

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
	if text := r.Code.Display(); text != "" {
		return text
	}
	if r.Outcome == report.Approved {
		return "交易成功"
	}
	return "交易失败 " + r.Code.String()
}
