package fee

import "time"

// Sale is one payment, as fees see it.
type Sale struct {
	Kind    Kind
	Channel Channel
	Amount  int64     // fen, from 0 to MaxAmount
	Time    time.Time // of the payment, for promotions; without one none applies
}

// MaxAmount is the largest amount of a sale, in fen.
const MaxAmount = 1_000_000_000_000

// Kind is the kind of card or account that pays.
type Kind uint8

const (
	Debit   Kind = iota // 借记卡
	Credit              // 贷记卡
	Foreign             // 境外卡: issued abroad
	kinds
)

var kindNames = []string{Debit: "debit", Credit: "credit", Foreign: "foreign"}

func (k Kind) String() string { return kindNames[k] }

// Channel is the way by which the card or account reaches the terminal.
type Channel uint8

const (
	Card        Channel = iota // stripe or chip in the reader
	Contactless                // card or telephone held to the reader: 闪付, 云闪付 by NFC
	WalletQR                   // a wallet's code: 微信, 支付宝
	UnionPayQR                 // a code of UnionPay: 银联二维码
	channels
)

var channelNames = []string{Card: "card", Contactless: "contactless", WalletQR: "wallet-qr", UnionPayQR: "unionpay-qr"}

func (c Channel) String() string { return channelNames[c] }

// ChannelOfCode is whose code (付款码) a payer shows: UnionPay's begin with 62, all others
// are a wallet's.
func ChannelOfCode(digits []byte) Channel {
	if len(digits) > 2 && digits[0] == '6' && digits[1] == '2' {
		return UnionPayQR
	}
	return WalletQR
}

// Class is the class of a merchant: what discount its issuer and network fees have.
type Class uint8

const (
	Standard Class = iota // 标准类
	Favoured              // 优惠类: supermarkets, fuel, utilities, transport
	Exempt                // 减免类: hospitals, schools, charities
	classes
)

var classNames = []string{Standard: "standard", Favoured: "favoured", Exempt: "exempt"}

func (c Class) String() string { return classNames[c] }

// China is the time zone in which days begin and end here: UTC+8, without summer
// time.
var China = time.FixedZone("UTC+8", 8*60*60)
