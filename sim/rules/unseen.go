package rules

// UnseenChange is a change of an answer that neither a rule nor a scenario notices,
// because the answer could as well be a right one. The test that plays all changes
// holds this list to what it finds.
type UnseenChange struct {
	Where  string // a field, or a part of the routing header
	Change string // its beginning, where one line is about several
	Why    string
}

var unseen = []UnseenChange{
	{"header, processing requirement", "", "the host sets it as it wants a terminal to do something: each digit is a right one"},
	{"2", "absent", "a QR payment has no card, and in iso87 a host need not name it"},
	{"2", "added", "a terminal does not see the card behind a payment code"},
	{"15", "absent", "the form of a balance inquiry asks for none"},
	{"32", "absent", "the forms of management in iso87 ask for none"},
	{"37", "absent", "the forms of management in iso87 ask for none"},
	{"37", "another value", "a reference is the host's own; only that of a payment which is then voided or refunded is pointed to"},
	{"37", "of another exchange", "the answer to a reversal may have the reference of what it reverses"},
	{"38", "another value", "a code is the host's own; only that of a pre-authorisation is pointed to"},
	{"38", "of another exchange", "codes of six digits may come again"},
	{"44", "absent", "the forms of iso87 ask for none"},
	{"44", "another value", "in iso87 what stands there is left to agreement; on a terminal's first answer there is none to hold it against"},
	{"54", "another value", "a terminal does not know what is on an account, only by how much it has moved"},
	{"59", "another value", "the voucher of a QR payment is the host's own"},
	{"63", "absent", "the forms of a balance inquiry and a reversal, and those of iso87, ask for no card scheme"},
	{"63", "another value", "in iso87 what stands there is left to agreement"},
	{"63", "of another exchange", "a card may be of two schemes"},
}

// Unseen are the changes of answers that nothing notices.
func Unseen() []UnseenChange { return append([]UnseenChange{}, unseen...) }
