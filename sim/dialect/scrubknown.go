package dialect

const (
	cardRange = 1_000_000_000_000 // of numbers of cardDigits
	dataRange = 10_000_000_000    // of dataDigits
)

// secrets covers what is known to be secret among the digits, whatever stands
// between them.
func (s *scrubber) secrets() {
	if len(s.digits) < pinDigits {
		return
	}
	k := s.known
	if s.of == freeText && len(k.pins) > 0 {
		s.pins()
	}
	if len(s.digits) < dataDigits {
		return
	}
	var card, data, cardBack, dataBack uint64 // the latest digits, backwards too
	together := 0                             // of them, how many stand together
	end := 0                                  // of what has been covered of a card
	for i, d := range s.digits {
		v := uint64(d.value)
		card, data = (card*10+v)%cardRange, (data*10+v)%dataRange
		cardBack, dataBack = cardBack/10+v*(cardRange/10), dataBack/10+v*(dataRange/10)
		if together++; i > 0 && d.from != s.digits[i-1].to {
			together = 1
		}
		if i+1 >= dataDigits && (k.data.has(data) || k.data.has(dataBack)) {
			s.cover(i+1-dataDigits, i+1)
		}
		if i+1 < cardDigits {
			continue
		}
		from := i + 1 - cardDigits
		if s.of != amounts && k.heads.has(card) {
			if n := s.card(from, 1); n > 0 {
				s.mask(from, from+n)
				s.trackData(from + n)
				end = from + n
			} else if together >= cardDigits {
				s.cover(from+6, i+1)
				end = i + 1
			}
		}
		if s.of != amounts && k.heads.has(cardBack) {
			if n := s.card(i, -1); n > 0 {
				s.cover(i+1-n, i+1)
			} else if together >= cardDigits {
				s.cover(from, i+1)
			}
		}
		switch {
		case i < end || !k.parts.has(card) && !k.parts.has(cardBack):
		case from < end: // goes on
			s.cover(end, i+1)
			end = i + 1
		default:
			s.cover(from, i+1)
			end = i + 1
		}
	}
}

// card is how many digits of a card number begin with digit i and go on in steps, 1
// or -1; 0 for no card that is known.
func (s *scrubber) card(i, step int) int {
	for _, n := range s.known.lengths {
		last := i + step*(n-1)
		if last < 0 || last >= len(s.digits) {
			continue
		}
		v := uint64(0)
		for j := range n {
			v = v*10 + uint64(s.digits[i+step*j].value)
		}
		if s.known.cards.has(v) {
			return n
		}
	}
	return 0
}

// apartByControl reports whether one control character stands before digit i.
func (s *scrubber) apartByControl(i int) bool {
	at := s.digits[i-1].to
	return s.digits[i].from == at+1 && s.text[at] < ' '
}

// pins covers PINs that are known and stand alone, in groups too.
func (s *scrubber) pins() {
	var pin []byte
	for from := 0; from < len(s.digits); from += s.group(from) {
		pin = pin[:0]
		for to := from; to < len(s.digits) && (to == from || s.apart(to) || s.apartByControl(to)); {
			n := s.group(to)
			for _, d := range s.digits[to : to+n] {
				pin = append(pin, d.value+'0')
			}
			if to += n; len(pin) > 12 {
				break
			}
			if len(pin) >= pinDigits && s.known.isPIN(pin) {
				s.cover(from, to)
			}
		}
	}
}
