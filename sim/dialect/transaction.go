package dialect

import "strings"

// Transaction is a kind of exchange between terminal and host.
type Transaction uint8

const (
	SignIn Transaction = iota
	SignOff
	Echo
	StatusUpload
	Balance
	Purchase
	QRPurchase
	PurchaseVoid
	Refund
	PreAuth
	AddPreAuth
	PreAuthVoid
	Completion
	CompletionAdvice
	CompletionVoid
	Reversal
	Settlement
	BatchUpload
	UploadEnd
	SignatureUpload
	SignaturePart
	PasswordReset
	OrderConfirm // dishes confirmed: the host gives the order its number
	OrderQuery
	OrderCancel
	MerchantCode    // a code that the merchant shows, for a customer to scan
	CodeScan        // a customer's phone has scanned it and pays
	OfflinePurchase // a chip has approved it by itself; the host is told
	ScriptResult    // what has become of the commands that an issuer gave to its chip
	MailOrder       // a purchase by mail, telephone or internet (MOTO): the card is not there
	MailPreAuth     // a pre-authorisation of such a one
	Instalment      // a purchase that the cardholder pays in parts
	PointsPurchase  // a purchase with the points of a loyalty account
	Reservation     // a purchase that was reserved before, on a phone
	ReservationVoid // of such a one
	OfflineRefund   // of a purchase that a chip approved by itself
	DownloadQuery   // which entries of a list there are
	DownloadLoad    // fetches some of them
	DownloadEnd     // says that all have been fetched
	CashierSignIn   // credits a cashier's loyalty card; no login
	OfflineSettle   // a purchase that was authorised otherwise, by telephone: the host is told
	Adjustment      // raises a purchase of the open batch
	Tip             // raises it by what the cardholder adds for the staff
	MasterKey       // brings the terminal's master key, under a transport key
	KeyChange       // brings new working keys in the session that is open
	CutOver         // the host's day ends: what comes after it is settled on the next
	ChipUpload      // a chip payment of the batch that is being settled, with its chip's data
	ChipNotice      // one that the host approved and the chip did not, or whose answer it found wrong
	AdviceUpload    // a refund or an advice of that batch, whole
	OrderResult     // the host says unasked what has come of an order; nobody answers it
	AccountLoad     // puts electronic cash on a chip, out of the account behind it
	TransferLoad    // out of another card's account
	CashLoad        // for money that the merchant takes
	CashLoadVoid    // undoes one
	LoadUpload      // a load of the batch that is being settled, with its chip's data
	PointsQuery     // what a loyalty account has
	QRQuery         // what has become of a payment by code
	MasterKeyRSA    // brings the terminal's master key, under the public key that it asks with
	MasterKeyEnd    // says that the terminal has it, and which one
	AlliancePoints  // a purchase with the points of an alliance of merchants
	AllianceQuery   // what such an account has
	Transactions    // how many there are
)

// TransactionNamed is the transaction of a name that String gives.
func TransactionNamed(name string) (Transaction, bool) {
	for t, row := range transactions {
		if row.name == name {
			return Transaction(t), true
		}
	}
	return 0, false
}

func transactionNames() string {
	var all []string
	for _, row := range transactions {
		all = append(all, row.name)
	}
	return strings.Join(all, ", ")
}

// Booking is what an approved transaction does to money, and so how both sides
// write it down.
type Booking uint8

const (
	None      Booking = iota
	Charge            // card pays merchant
	Uncharge          // a charge of the open batch is given back, whole
	GiveBack          // a payment is given back in whole or in part, also after its settlement
	Hold              // an amount is held back on the card
	Release           // what is held is let go
	Capture           // what is held is paid to the merchant
	Uncapture         // a capture of the open batch is undone, whole: the amount is held again
	Load              // a card pays for electronic cash on a chip, its own or another's
	CashIn            // the merchant owes for electronic cash on a chip: it has been paid for there
	CashOut           // a cash-in of the open batch is undone, whole
)

// Side is the side of a settlement on which a transaction's amount counts.
type Side int8

const (
	NoSide Side = iota
	Debit       // the cardholder pays
	Credit      // the cardholder gets back
)

// sides says on which side a booking counts. A voided purchase counts on both
// (CUP settlement, docs/sources.md). A load out of an account is no business of the
// merchant's.
var sides = [...]Side{Charge: Debit, Uncharge: Credit, GiveBack: Credit, Capture: Debit, Uncapture: Credit, CashIn: Credit, CashOut: Debit}

// Pointer is how a transaction names the earlier one that it is about.
type Pointer uint8

const (
	ToNone      Pointer = iota
	ToTrace             // a payment of the open batch, by batch, trace and reference
	ToReference         // a payment of any batch, by reference and date
	ToAuthCode          // a pre-authorisation, by authorisation code and date
)

// transactions is all there is to say of a transaction beyond its Form in a
// dialect: a new one is a row here, a form and a scenario.
var transactions = [Transactions]struct {
	name       string
	chinese    string // its name in Chinese, as slips and features have it
	booking    Booking
	original   Pointer
	supervisor bool // the terminal asks for the supervisor's password
	reversible bool // when unanswered, a reversal is owed; an advice is repeated instead
}{
	SignIn:           {name: "sign-in", chinese: "联机签到"},
	SignOff:          {name: "sign-off", chinese: "签退"},
	Echo:             {name: "echo", chinese: "回响测试"},
	StatusUpload:     {name: "status-upload", chinese: "状态上送"},
	Balance:          {name: "balance", chinese: "余额查询"},
	Purchase:         {"purchase", "消费", Charge, ToNone, false, true},
	QRPurchase:       {"qr-purchase", "扫码支付", Charge, ToNone, false, true},
	PurchaseVoid:     {"purchase-void", "消费撤销", Uncharge, ToTrace, true, true},
	Refund:           {"refund", "退货", GiveBack, ToReference, true, false},
	PreAuth:          {"pre-auth", "预授权", Hold, ToNone, false, true},
	AddPreAuth:       {"add-pre-auth", "追加预授权", Hold, ToAuthCode, false, true},
	PreAuthVoid:      {"pre-auth-void", "预授权撤销", Release, ToAuthCode, true, true},
	Completion:       {"completion", "预授权完成", Capture, ToAuthCode, false, true},
	CompletionAdvice: {"completion-advice", "预授权完成通知", Capture, ToAuthCode, false, false},
	CompletionVoid:   {"completion-void", "预授权完成撤销", Uncapture, ToTrace, true, true},
	Reversal:         {name: "reversal", chinese: "冲正"},
	Settlement:       {name: "settlement", chinese: "批结算"},
	BatchUpload:      {name: "batch-upload", chinese: "批上送"},
	UploadEnd:        {name: "upload-end", chinese: "批上送结束"},
	SignatureUpload:  {name: "signature-upload", chinese: "签名上送"},
	SignaturePart:    {name: "signature-part", chinese: "签名分段上送"},
	PasswordReset:    {name: "password-reset", chinese: "密码重置"},
	OrderConfirm:     {name: "order", chinese: "下单"},
	OrderQuery:       {name: "order-query", chinese: "订单查询"},
	OrderCancel:      {name: "order-cancel", chinese: "订单取消"},
	MerchantCode:     {name: "merchant-code", chinese: "收款码"},
	CodeScan:         {name: "code-scan", chinese: "扫收款码"},
	OfflinePurchase:  {"offline-purchase", "脱机消费上送", Charge, ToNone, false, false},
	ScriptResult:     {name: "script-result", chinese: "脚本结果上送"},
	MailOrder:        {"mail-order", "订购消费", Charge, ToNone, false, true},
	MailPreAuth:      {"mail-pre-auth", "订购预授权", Hold, ToNone, false, true},
	Instalment:       {"instalment", "分期消费", Charge, ToNone, false, true},
	PointsPurchase:   {"points-purchase", "积分消费", Charge, ToNone, false, true},
	Reservation:      {"reservation", "预约消费", Charge, ToNone, false, true},
	ReservationVoid:  {"reservation-void", "预约消费撤销", Uncharge, ToTrace, true, true},
	OfflineRefund:    {"offline-refund", "脱机退货", GiveBack, ToReference, true, false},
	DownloadQuery:    {name: "download-query", chinese: "下载查询"},
	DownloadLoad:     {name: "download", chinese: "下载"},
	DownloadEnd:      {name: "download-end", chinese: "下载结束"},
	CashierSignIn:    {name: "cashier-sign-in", chinese: "收银员积分签到"},
	OfflineSettle:    {"offline-settle", "离线结算", Charge, ToNone, false, false},
	Adjustment:       {"adjustment", "结算调整", Charge, ToTrace, false, false},
	Tip:              {"tip", "小费", Charge, ToTrace, false, false},
	MasterKey:        {name: "master-key", chinese: "主密钥下载"},
	KeyChange:        {name: "key-change", chinese: "更换密钥"},
	CutOver:          {name: "cut-over", chinese: "日切"},
	ChipUpload:       {name: "chip-upload", chinese: "IC卡明细上送"},
	ChipNotice:       {name: "chip-notice", chinese: "IC卡通知上送"},
	AdviceUpload:     {name: "advice-upload", chinese: "通知类交易上送"},
	OrderResult:      {name: "order-result", chinese: "结果推送"},
	AccountLoad:      {"account-load", "指定账户圈存", Load, ToNone, false, true},
	TransferLoad:     {"transfer-load", "非指定账户圈存", Load, ToNone, false, true},
	CashLoad:         {"cash-load", "现金充值", CashIn, ToNone, false, true},
	CashLoadVoid:     {"cash-load-void", "现金充值撤销", CashOut, ToTrace, true, true},
	LoadUpload:       {name: "load-upload", chinese: "圈存明细上送"},
	PointsQuery:      {name: "points-query", chinese: "积分查询"},
	QRQuery:          {name: "qr-query", chinese: "扫码支付查询"},
	MasterKeyRSA:     {name: "master-key-rsa", chinese: "主密钥公钥申请"},
	MasterKeyEnd:     {name: "master-key-end", chinese: "主密钥下载结束"},
	AlliancePoints:   {"alliance-purchase", "联盟积分消费", Charge, ToNone, false, true},
	AllianceQuery:    {name: "alliance-query", chinese: "联盟积分查询"},
}

// String gives the name that reports, limits and features use.
func (t Transaction) String() string {
	if t >= Transactions {
		return "?"
	}
	return transactions[t].name
}

// Chinese is its name in Chinese, as slips and features have it.
func (t Transaction) Chinese() string {
	if t >= Transactions {
		return "?"
	}
	return transactions[t].chinese
}

// Booking is what an approved t does to money.
func (t Transaction) Booking() Booking { return transactions[t].booking }

// Original is how t names the transaction that it is about.
func (t Transaction) Original() Pointer { return transactions[t].original }

// Supervised reports whether t needs the supervisor's password.
func (t Transaction) Supervised() bool { return transactions[t].supervisor }

// Reversible reports whether a t without a verified answer owes a reversal.
func (t Transaction) Reversible() bool { return transactions[t].reversible }

// Repeats reports whether a t without an answer is sent again until it has one: it tells of
// what has happened. A refund, which is not undone either, is a case for people.
func (t Transaction) Repeats() bool { return t.Sells() && !t.Reversible() }

// Side is the settlement side of an approved t.
func (t Transaction) Side() Side { return transactions[t].booking.Side() }

// Side is the settlement side on which the booking counts.
func (b Booking) Side() Side {
	if int(b) >= len(sides) {
		return NoSide
	}
	return sides[b]
}

// Raises reports whether t adds to an earlier charge: its amount is the new whole, what is
// booked the difference.
func (t Transaction) Raises() bool { return t.Booking() == Charge && t.Original() == ToTrace }

// Sells reports whether by an approved t a card pays the merchant.
func (t Transaction) Sells() bool { return t.Booking() == Charge || t.Booking() == Capture }

// Loads reports whether t changes the electronic cash on a chip, which is in the reader.
func (t Transaction) Loads() bool { return t.Booking() >= Load }

// Signs reports whether t brings a cardholder's signature, or a part of it.
func (t Transaction) Signs() bool { return t == SignatureUpload || t == SignaturePart }

// Payment reports whether t moves or holds money: its answer is approved,
// declined or unknown.
func (t Transaction) Payment() bool { return t.Booking() != None }

// Inquires reports whether an approved t tells what the card has, of money or points.
func (t Transaction) Inquires() bool { return t == Balance || t == PointsQuery || t == AllianceQuery }

// Journalled reports whether an approved t stays in the batch until settlement:
// whatever counts there.
func (t Transaction) Journalled() bool { return t.Side() != NoSide }
