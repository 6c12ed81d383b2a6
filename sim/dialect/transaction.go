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
	MasterKeyRSA    // brings the terminal's master key, under the public key that it asks with
	MasterKeyEnd    // says that the terminal has it, and which one
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
)

// Side is the side of a settlement on which a transaction's amount counts.
type Side int8

const (
	NoSide Side = iota
	Debit       // the cardholder pays
	Credit      // the cardholder gets back
)

// sides says on which side a booking counts. A voided purchase counts on both
// (CUP settlement, docs/sources.md).
var sides = [...]Side{Charge: Debit, Uncharge: Credit, GiveBack: Credit, Capture: Debit, Uncapture: Credit}

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
	booking    Booking
	original   Pointer
	supervisor bool // the terminal asks for the supervisor's password
	reversible bool // when unanswered, a reversal is owed; an advice is repeated instead
}{
	SignIn:           {name: "sign-in"},
	SignOff:          {name: "sign-off"},
	Echo:             {name: "echo"},
	StatusUpload:     {name: "status-upload"},
	Balance:          {name: "balance"},
	Purchase:         {"purchase", Charge, ToNone, false, true},
	QRPurchase:       {"qr-purchase", Charge, ToNone, false, true},
	PurchaseVoid:     {"purchase-void", Uncharge, ToTrace, true, true},
	Refund:           {"refund", GiveBack, ToReference, true, false},
	PreAuth:          {"pre-auth", Hold, ToNone, false, true},
	AddPreAuth:       {"add-pre-auth", Hold, ToAuthCode, false, true},
	PreAuthVoid:      {"pre-auth-void", Release, ToAuthCode, true, true},
	Completion:       {"completion", Capture, ToAuthCode, false, true},
	CompletionAdvice: {"completion-advice", Capture, ToAuthCode, false, false},
	CompletionVoid:   {"completion-void", Uncapture, ToTrace, true, true},
	Reversal:         {name: "reversal"},
	Settlement:       {name: "settlement"},
	BatchUpload:      {name: "batch-upload"},
	UploadEnd:        {name: "upload-end"},
	SignatureUpload:  {name: "signature-upload"},
	SignaturePart:    {name: "signature-part"},
	PasswordReset:    {name: "password-reset"},
	OrderConfirm:     {name: "order"},
	OrderQuery:       {name: "order-query"},
	OrderCancel:      {name: "order-cancel"},
	MerchantCode:     {name: "merchant-code"},
	CodeScan:         {name: "code-scan"},
	OfflinePurchase:  {"offline-purchase", Charge, ToNone, false, false},
	ScriptResult:     {name: "script-result"},
	MailOrder:        {"mail-order", Charge, ToNone, false, true},
	MailPreAuth:      {"mail-pre-auth", Hold, ToNone, false, true},
	Instalment:       {"instalment", Charge, ToNone, false, true},
	PointsPurchase:   {"points-purchase", Charge, ToNone, false, true},
	Reservation:      {"reservation", Charge, ToNone, false, true},
	ReservationVoid:  {"reservation-void", Uncharge, ToTrace, true, true},
	OfflineRefund:    {"offline-refund", GiveBack, ToReference, true, false},
	DownloadQuery:    {name: "download-query"},
	DownloadLoad:     {name: "download"},
	DownloadEnd:      {name: "download-end"},
	CashierSignIn:    {name: "cashier-sign-in"},
	OfflineSettle:    {"offline-settle", Charge, ToNone, false, false},
	Adjustment:       {"adjustment", Charge, ToTrace, false, false},
	Tip:              {"tip", Charge, ToTrace, false, false},
	MasterKey:        {name: "master-key"},
	KeyChange:        {name: "key-change"},
	CutOver:          {name: "cut-over"},
	ChipUpload:       {name: "chip-upload"},
	ChipNotice:       {name: "chip-notice"},
	AdviceUpload:     {name: "advice-upload"},
	OrderResult:      {name: "order-result"},
	MasterKeyRSA:     {name: "master-key-rsa"},
	MasterKeyEnd:     {name: "master-key-end"},
}

// String gives the name that reports, limits and features use.
func (t Transaction) String() string {
	if t >= Transactions {
		return "?"
	}
	return transactions[t].name
}

// Booking is what an approved t does to money.
func (t Transaction) Booking() Booking { return transactions[t].booking }

// Original is how t names the transaction that it is about.
func (t Transaction) Original() Pointer { return transactions[t].original }

// Supervised reports whether t needs the supervisor's password.
func (t Transaction) Supervised() bool { return transactions[t].supervisor }

// Reversible reports whether a t without a verified answer owes a reversal.
func (t Transaction) Reversible() bool { return transactions[t].reversible }

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

// Signs reports whether t brings a cardholder's signature, or a part of it.
func (t Transaction) Signs() bool { return t == SignatureUpload || t == SignaturePart }

// Payment reports whether t moves or holds money: its answer is approved,
// declined or unknown.
func (t Transaction) Payment() bool { return t.Booking() != None }

// Journalled reports whether an approved t stays in the batch until settlement:
// whatever counts there.
func (t Transaction) Journalled() bool { return t.Side() != NoSide }
