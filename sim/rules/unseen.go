package rules

// UnseenChange is a change of an answer that neither a rule nor a scenario notices,
// because the answer could as well be a right one. The test that plays all changes
// holds this list to what it finds.
type UnseenChange struct {
	Where  string // a field, or "header"
	Change string
	Why    string
}

var unseen = []UnseenChange{}

// Unseen are the changes of answers that nothing notices.
func Unseen() []UnseenChange { return append([]UnseenChange{}, unseen...) }
