package chip

// AppendDetail appends what a settlement tells of a payment: the tags of its request, with
// the cryptogram that the card ended it by, where it was still there for one.
func (t *Transaction) AppendDetail(dst []byte) []byte {
	first, kind := t.Cryptogram, t.Kind
	if t.asked > 1 {
		t.Cryptogram, t.Kind = t.work.cryptogram(t.Card.scheme, &t.Data), t.Second
	}
	dst = t.AppendTags(dst, RequestTags)
	t.Cryptogram, t.Kind = first, kind
	return dst
}
