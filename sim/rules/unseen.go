package rules

// UnseenChange is a change of an answer that neither a rule nor a scenario notices,
// because the answer could as well be a right one. The test that plays all changes
// holds this list to what it finds.
type UnseenChange struct {
	Where  string // a field, or a part of the routing header
	Change string // its beginning, where one line is about several
	Why    string
	Chance bool // some values are noticed and some not
}

var unseen = []UnseenChange{
	{"header, processing requirement", "", "the host sets it as it wants a terminal to do something: each digit is a right one", false},
	{"2", "absent", "a QR payment has no card, and in iso87 a host need not name it", false},
	{"2", "added", "a terminal does not see the card behind a payment code", false},
	{"15", "absent", "the form of a balance inquiry asks for none", false},
	{"15", "of another exchange", "a day is that of all answers of the day", false},
	{"32", "absent", "the forms of management in iso87 ask for none", false},
	{"32", "another value", "the number of an acquirer is the host's own: on a terminal's first answer there is none to hold it against", false},
	{"37", "absent", "the forms of management in iso87 ask for none", false},
	{"37", "another value", "a reference is the host's own; only that of a payment which is then voided or refunded is pointed to", false},
	{"37", "of another exchange", "the answer to a reversal may have the reference of what it reverses", false},
	{"38", "absent", "the forms of refunds, and of advices in iso87, ask for none", false},
	{"38", "another value", "a code is the host's own; only that of a pre-authorisation is pointed to", false},
	{"38", "of another exchange", "codes of six digits may come again", false},
	{"44", "absent", "the forms of iso87 ask for none", false},
	{"44", "another value", "in iso87 what stands there is left to agreement; on a terminal's first answer there is none to hold it against", false},
	{"54", "another value", "a terminal does not know what is on an account, only by how much it has moved", false},
	{"55", "", "a card that was tapped has gone when the answer to its refund comes: nobody reads what is for its chip", false},
	{"59", "another value", "the voucher of a QR payment is the host's own", false},
	{"60", "another value of the batch", "the answer to a change of keys in iso87 tells the batch, which the request does not", false},
	{"60", "of another exchange", "a batch is that of all answers to its terminal", false},
	{"62", "another value", "what is downloaded is the host's own, but for what a hash is over", true},
	{"63", "absent", "the forms of a balance inquiry and a reversal, and those of iso87, ask for no card scheme", false},
	{"63", "another value", "in iso87 what stands there is left to agreement", false},
	{"63", "of another exchange", "a card may be of two schemes", false},
	{"75", "absent", "a host that counts no reversals need not say so", false},
	{"77", "absent", "a host that counts no reversals need not say so", false},
	{"87", "absent", "a host that counts no reversals need not say so", false},
	{"89", "absent", "a host that counts no reversals need not say so", false},
	{"97", "another value", "the net is what the other totals come to, and those are compared", false},
	{"97", "of another exchange", "the net is what the other totals come to, and those are compared", false},
}

// Unseen are the changes of answers that nothing notices.
func Unseen() []UnseenChange { return append([]UnseenChange{}, unseen...) }
