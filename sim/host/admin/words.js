// What the page says, in both languages of its readers.
export const words = {
	en: {
		other: "中文", title: "The bundled host", token: "Token", enter: "Show", tokenRemark: "The host printed it when it was started. It is kept in this tab only.",
		wrongToken: "The host does not know this token. It prints one when it is started.", gone: "The host does not answer; trying again.", refused: "The host answered",
		what: (h) => `Profile ${h.profile}, dialect ${h.dialect}. Times are those of this browser, business days those of China.`,
		terminalsN: "terminals", connections: "connections", requests: "requests", answers: "answers", unread: "unreadable frames",
		orders: "Orders", live: "● live", stopped: "○ not live; trying again", order: "order", terminal: "terminal", dishes: "what", state: "state", total: "total", refunded: "refunded", changed: "changed",
		noOrders: "No order yet.", ordersRemark: (n) => `The ${n} that changed last.`,
		terminals: "Terminals", merchant: "merchant", operator: "operator", batch: "batch", lastAnswer: "last answer", parts: "broken parts", since: "since", signedIn: "signed in", signedOut: "not signed in", never: "not heard yet",
		none: "none", noTerminals: "No terminal has been heard yet.", terminalsRemark: (n) => `The ${n} that were answered last. Choose one for its screen and its payments.`,
		screenRemark: "As far as the host knows: what the network shows for its last answer.", ready: "Ready",
		payments: "Payments of", payment: "payment", card: "card", amount: "amount", when: "when", trace: "trace", slip: "slip", show: "slip", noPayments: "No payment.", paymentsRemark: "The latest 50 at most, and of closed batches those that may still be refunded; cards masked.", settled: "settled",
		merchants: "Merchants", name: "name", plan: "fee plan", account: "account", why: "why", noMerchants: "No merchant.", merchantsRemark: (n) => `The first ${n}.`,
		statement: "Statement", day: "day", kind: "what", cardKind: "card", channel: "channel", count: "count", fee: "fee", net: "net", posted: "posted", fees: "fees", paid: "paid out", owed: "owed", valueDate: "value date", payouts: "payouts",
		adds: "The lines add up to the total.", addsNot: "THE LINES DO NOT ADD UP TO THE TOTAL.", noStatement: "No statement of that day.",
		audit: "Audit log", subject: "about", event: "what", done: "done", yes: "done", no: "refused", noAudit: "Nothing yet.", auditRemark: (n) => `The latest ${n}.`,
		faults: "Faults", fault: "fault", does: "what it does", on: "on", off: "off", turnOn: "turn on", turnOff: "turn off", faultsRemark: "Ways in which this host is wrong on purpose, for a check to find. What was booked meanwhile stays booked.",
		wrong: (names) => `This host is wrong on purpose: ${names}`, typed: "amount typed by the customer",
	},
	zh: {
		other: "English", title: "内置主机", token: "令牌", enter: "进入", tokenRemark: "主机启动时打印。仅保存在本标签页。",
		wrongToken: "令牌不对。主机启动时打印令牌。", gone: "主机无应答, 正在重试。", refused: "主机应答",
		what: (h) => `配置 ${h.profile}, 报文规范 ${h.dialect}。时间按本浏览器时区, 账务日按北京时间。`,
		terminalsN: "终端", connections: "连接", requests: "请求", answers: "应答", unread: "无法解析的报文",
		orders: "订单", live: "● 实时", stopped: "○ 实时中断, 正在重试", order: "订单号", terminal: "终端号", dishes: "内容", state: "状态", total: "金额", refunded: "已退", changed: "变更时间",
		noOrders: "暂无订单。", ordersRemark: (n) => `最近变更的${n}笔。`,
		terminals: "终端", merchant: "商户", operator: "操作员", batch: "批次号", lastAnswer: "最近应答", parts: "故障部件", since: "时间", signedIn: "已签到", signedOut: "未签到", never: "尚无通讯",
		none: "无", noTerminals: "尚无终端通讯。", terminalsRemark: (n) => `最近应答的${n}台。点选查看屏幕和交易。`,
		screenRemark: "以主机所知为准: 最近应答码对应的终端显示。", ready: "就绪",
		payments: "终端交易:", payment: "交易类别", card: "卡号", amount: "金额", when: "时间", trace: "凭证号", slip: "签购单", show: "签购单", noPayments: "无交易。", paymentsRemark: "最多50笔; 已结批次仅列可退货的交易; 卡号已屏蔽。", settled: "已结算",
		merchants: "商户", name: "名称", plan: "费率方案", account: "结算账户", why: "原因", noMerchants: "无商户。", merchantsRemark: (n) => `前${n}户。`,
		statement: "对账单", day: "日期", kind: "类别", cardKind: "卡种", channel: "受理方式", count: "笔数", fee: "手续费", net: "净额", posted: "入账", fees: "手续费", paid: "已出款", owed: "待出款", valueDate: "起息日", payouts: "出款单号",
		adds: "明细合计与总计相符。", addsNot: "明细合计与总计不符!", noStatement: "无该日对账单。",
		audit: "审计日志", subject: "对象", event: "事件", done: "结果", yes: "成功", no: "被拒", noAudit: "暂无记录。", auditRemark: (n) => `最近${n}条。`,
		faults: "故障开关", fault: "故障", does: "表现", on: "已开启", off: "未开启", turnOn: "开启", turnOff: "关闭", faultsRemark: "主机按此故意出错, 供案例检出。期间已入账的不再更正。",
		wrong: (names) => `主机正在故意出错: ${names}`, typed: "顾客自行输入金额",
	},
};

// What the API's names for transactions, states and the like are in Chinese; one that is
// not here is shown as it is.
export const chinese = {
	"sign-in": "签到", "sign-off": "签退", echo: "回响测试", "status-upload": "状态上送", "signature-upload": "签名上送", "signature-part": "签名分段上送", balance: "余额查询", purchase: "消费", "qr-purchase": "扫码消费", "purchase-void": "消费撤销", refund: "退货",
	"pre-auth": "预授权", "add-pre-auth": "追加预授权", "pre-auth-void": "预授权撤销", completion: "预授权完成(请求)", "completion-advice": "预授权完成(通知)", "completion-void": "预授权完成撤销",
	reversal: "冲正", settlement: "批结算", "batch-upload": "批上送", "chip-upload": "IC卡明细上送", "chip-notice": "IC卡通知上送", "advice-upload": "通知类交易上送", "upload-end": "批上送结束",
	order: "下单", "order-query": "订单查询", "order-cancel": "取消订单", "merchant-code": "商户码申请", "code-scan": "扫商户码", "order-result": "支付结果通知", "mail-order": "订购消费", "mail-pre-auth": "订购预授权", instalment: "分期消费", "points-purchase": "积分消费", reservation: "预约消费", "reservation-void": "预约消费撤销", "offline-refund": "脱机退货", "account-load": "指定账户圈存", "transfer-load": "非指定账户圈存", "cash-load": "现金充值", "cash-load-void": "现金充值撤销", "load-upload": "圈存明细上送", "points-query": "积分查询", "qr-query": "扫码支付查询",
	"download-query": "下载查询", download: "下载", "download-end": "下载结束", "cashier-sign-in": "收银员积分签到", "master-key": "主密钥下载", "master-key-rsa": "主密钥公钥申请", "master-key-end": "主密钥下载结束", "key-change": "更换密钥", "offline-settle": "离线结算", adjustment: "结算调整", tip: "小费", "cut-over": "日切", "script-result": "脚本处理结果上送", "offline-purchase": "脱机消费上送", "password-reset": "密码重置", "signature-upload": "签名上送", unknown: "未知交易",
	active: "正常", suspended: "停用", closed: "已注销", stock: "库存", issued: "待激活", returned: "返修", approved: "成功", declined: "拒绝", voided: "已撤销", reversed: "已冲正",
	confirmed: "待支付", paying: "支付中", "part refunded": "部分退款", cancelled: "已取消", expired: "已过期",
	display: "显示屏", keyboard: "键盘", "pin-pad": "密码键盘", "card-reader": "读卡器", "stripe-reader": "磁条读卡器", "chip-reader": "IC卡读卡器", "contactless-reader": "非接读卡器",
	camera: "摄像头", printer: "打印机", "signature-pad": "签名板", battery: "电池", sim: "SIM卡", modem: "通讯模块",
	enrolled: "登记", login: "登录", asked: "申请重置", granted: "核准", redeemed: "兑换", loss: "挂失",
	paid: "已支付", refunded: "已退款", debit: "借记卡", credit: "贷记卡", foreign: "境外卡", card: "刷卡/插卡", contactless: "挥卡", "wallet-qr": "钱包二维码", "unionpay-qr": "银联二维码", sale: "消费", void: "撤销", load: "现金充值",
};

// What the host's faults do, in Chinese.
export const faultsInChinese = {
	"wrong-mac": "应答MAC错一位", "no-mac": "应答无MAC", "wrong-echo": "应答返回另一金额, MAC正确", "wrong-trace": "应答返回另一流水号, MAC正确", "wrong-kcv": "签到下发的PIN密钥校验值错",
	"lying-totals": "批结算一律对账不平, 总计差一分", silent: "交易入账但不应答", late: "交易入账, 超过终端超时时间半秒后才应答", duplicate: "交易应答两次", "approve-all": "消费一律批准, 不论卡、密码、金额、余额",
	partial: "消费只批准一分并按部分批准应答", "double-posting": "重复的交易再次入账", "forget-reversal": "冲正应答成功但不处理",
	"trace-of-any-terminal": "与其他终端批次号、流水号相同的交易当作那一笔: 批准而不入账", "repeat-by-trace-alone": "流水号相同的交易一律按前一笔批准, 不论金额和卡, 且不入账", "repeat-approved-anew": "重复的交易用新的参考号和授权码再次批准, 不再入账",
	"acknowledged-forgotten": "每第三十笔已应答的交易丢失, 如主机未落盘即重启", "forget-some-reversals": "每第二十笔冲正应答成功但不处理", "reversal-unanswered": "流水号为八的倍数的冲正已处理但始终不应答",
	"reversal-unmatched": "冲正只认流水号, 金额和卡不符也冲", "refused-reversal-blocks": "拒绝一笔冲正后, 所有终端的冲正均被拒绝", "totals-ignore-reversals": "已冲正的交易仍计入批结算总计", "totals-wrap": "超过十二位的总计从零重新计",
	"answer-astray": "每第五十个应答错发为另一终端最近的应答", "rest-accepted": "忽略请求末域之后的多余字节", "answer-answered": "对送到主机的应答报文再作应答", "pin-block-unbound": "不属于该卡的PIN密文一律视为密码正确", "second-reversal-undoes-first": "重复冲正使原交易再次入账",
	"early-reversal-forgotten": "先到的冲正不登记, 后到的原交易仍批准", "any-mac": "不校验请求报文的MAC", "reset-without-proof": "不核实身份即重置操作员密码",
	"lost-terminal-trades": "挂失或已重置密码的终端仍可交易", "order-paid-twice": "已支付的订单可再次支付", "refund-over-rest": "累计退货可超过原交易金额", "code-used-twice": "付款码可重复使用",
	"refund-number-ignored": "同一退款单号重复提交时再次退款", "equal-refunds-merged": "同一订单金额相同、单号不同的两笔退款只退一次",
	"signature-misfiled": "签名一律归入最近一笔消费, 不核对流水号、参考号和金额", "refund-of-another": "退货指向他卡或不存在的交易时仍退款",
	"reversal-of-another": "冲正指向不存在的交易时冲正最近一笔", "reversal-of-any-amount": "冲正不核对金额",
	"load-unpaid": "账户圈存只写卡, 不扣账户", "load-untold": "圈存批准并入账, 但不下发写卡脚本", "load-over-limit": "圈存不核对芯片电子现金余额上限",
	"password-not-asked": "应输入支付密码的付款码不输密码即可支付", "password-lost": "顾客输入支付密码后应答成功但不入账", "late-password-pays": "终端冲正后顾客输入支付密码仍入账",
	"clone-accepted": "同号两台终端可同时交易且不告警", "second-binding-accepted": "已绑定商户的终端可再绑定另一商户", "fee-off-by-one": "每笔手续费多一分", "statement-does-not-add-up": "对账单首行多一分, 总计不变",
	"cut-off-ignored": "日切时间之后的消费仍计入当日", "new-merchant-paid-at-once": "入网未满90天的商户仍按方案当日到账", "lapsed-approval-signed": "审核通过超过30天仍可签约", "expired-papers-approved": "审核不检查营业执照和身份证的有效期",
	"signature-lost": "签名应答成功但不保存", "signature-blind": "任何内容都当作签名收下", "forget-status": "终端状态应答成功但不保存", "yes-man": "一律批准而不入账, 不返回余额, 批结算一律对平",
	"serial-replayed": "DUKPT密钥序列号可重复或倒退", "cryptogram-unchecked": "不验证芯片的应用密文", "chip-without-cryptogram": "芯片交易可不带应用密文", "counter-unchecked": "芯片的应用交易计数器可重复", "wrong-arpc": "发卡行认证数据(ARPC)错一位",
	"malformed-approved": "无法解析的请求一律批准", "malformed-hangs": "收到无法解析的请求后不再应答任何交易", "malformed-crashes": "收到无法解析的请求后主机停止", "malformed-answers": "交易入账, 应答报文格式错误, 每次错法不同",
	"script-result-lost": "脚本处理结果通知应答成功但不保存",
	"pin-told-wrong": "发卡行脚本写入芯片的新密码与账户密码不一致",
	"master-key-wrong": "下载的主密钥与校验值不符",
	"key-block-header": "TR-31密钥块的头在计算MAC之后被篡改",
	"master-key-to-anybody": "主密钥可反复下载, 不核对公钥及其长度",
	"ca-key-wrong": "下载的公钥和IC卡参数错一位",
	"ca-key-forged": "第一个CA公钥被换成另一个, 校验值正确",
};

// Rows of a slip, which has both languages whatever the page's is.
export const slipWords = {
	title: ["签购单", "SALES SLIP"], merchant: ["商户名称", "MERCHANT"], mid: ["商户编号", "MERCHANT NO."], tid: ["终端编号", "TERMINAL NO."], operator: ["操作员号", "OPERATOR"], acquirer: ["收单行", "ACQUIRER"],
	card: ["卡号", "CARD NO."], kind: ["交易类别", "TRANS TYPE"], batch: ["批次号", "BATCH NO."], trace: ["凭证号", "VOUCHER NO."], auth: ["授权码", "AUTH CODE"], rrn: ["参考号", "REFER NO."], at: ["日期/时间", "DATE/TIME"],
	amount: ["交易金额", "AMOUNT"], remarks: ["备注", "REMARKS"], original: ["原凭证号", "ORIG VOUCHER NO."], refunded: ["已退货", "REFUNDED"], sign: ["持卡人签名", "CARDHOLDER SIGNATURE"],
	agree: ["本人确认以上交易, 同意将其记入本卡账户", "I ACKNOWLEDGE SATISFACTORY RECEIPT OF RELATIVE GOODS/SERVICES"], copy: ["重打印凭证 / 商户存根", "DUPLICATED / MERCHANT COPY"],
	declined: ["交易未成功, 非付款凭证", "DECLINED, NOT A RECEIPT"], voided: ["已撤销", "VOIDED"], reversed: ["已冲正", "REVERSED"],
};
