package profile

// SchemeOf names a card's network by the first digits of its number, as CUP's field 63 does.
func SchemeOf[T string | []byte](pan T) string {
	if len(pan) < 2 {
		return "CUP"
	}
	switch {
	case pan[0] == '4':
		return "VIS"
	case pan[0] == '5' && pan[1] >= '1' && pan[1] <= '5', pan[0] == '2':
		return "MCC"
	case pan[0] == '3' && pan[1] == '5':
		return "JCB"
	case pan[0] == '3' && (pan[1] == '4' || pan[1] == '7'):
		return "AMX"
	}
	return "CUP"
}
