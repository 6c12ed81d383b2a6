package dialect

// Transaction is a kind of exchange between terminal and host.
type Transaction uint8

const (
	SignIn Transaction = iota
	SignOff
	Echo
	Balance
	Purchase
	QRPurchase
	PurchaseVoid
	Refund
	PreAuth
	PreAuthVoid
	Completion
	CompletionAdvice
	CompletionVoid
	Reversal
	Settlement
	BatchUpload
	UploadEnd
	Transactions // how many there are
)

// Side is the side of a settlement on which a transaction's amount counts.
type Side int8

const (
	NoSide Side = iota
	Debit       // the cardholder pays
	Credit      // the cardholder gets back
)

var transactions = [Transactions]struct {
	name, chinese string
	side          Side
	payment       bool // moves or holds money; its answer is approved, declined or unknown
	reversible    bool // when unanswered, a reversal is owed
	journalled    bool // kept in the batch until settlement
}{
	SignIn:           {name: "sign-in", chinese: "签到"},
	SignOff:          {name: "sign-off", chinese: "签退"},
	Echo:             {name: "echo", chinese: "回响测试"},
	Balance:          {name: "balance", chinese: "余额查询"},
	Purchase:         {"purchase", "消费", Debit, true, true, true},
	QRPurchase:       {"qr-purchase", "扫码消费", Debit, true, true, true},
	PurchaseVoid:     {"purchase-void", "消费撤销", Credit, true, true, true},
	Refund:           {"refund", "退货", Credit, true, false, true},
	PreAuth:          {"pre-auth", "预授权", NoSide, true, true, false},
	PreAuthVoid:      {"pre-auth-void", "预授权撤销", NoSide, true, true, false},
	Completion:       {"completion", "预授权完成", Debit, true, true, true},
	CompletionAdvice: {"completion-advice", "预授权完成通知", Debit, true, false, true},
	CompletionVoid:   {"completion-void", "预授权完成撤销", Credit, true, true, true},
	Reversal:         {name: "reversal", chinese: "冲正"},
	Settlement:       {name: "settlement", chinese: "结算"},
	BatchUpload:      {name: "batch-upload", chinese: "批上送"},
	UploadEnd:        {name: "upload-end", chinese: "批上送结束"},
}

// String gives the name that reports, limits and features use.
func (t Transaction) String() string {
	if t >= Transactions {
		return "?"
	}
	return transactions[t].name
}

// Chinese gives the name that a Chinese terminal shows.
func (t Transaction) Chinese() string {
	if t >= Transactions {
		return "?"
	}
	return transactions[t].chinese
}

// Side is the settlement side of an approved t. A voided purchase counts on
// both sides (CUP settlement, docs/sources.md).
func (t Transaction) Side() Side { return transactions[t].side }

// Payment reports whether t moves or holds money.
func (t Transaction) Payment() bool { return transactions[t].payment }

// Reversible reports whether a t without a verified answer owes a reversal.
func (t Transaction) Reversible() bool { return transactions[t].reversible }

// Journalled reports whether an approved t stays in the batch until settlement.
func (t Transaction) Journalled() bool { return transactions[t].journalled }
