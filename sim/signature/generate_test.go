package signature

import (
	"reflect"
	"testing"
)

func TestGeneratedSignaturesAreTheSameForTheSameSeed(t *testing.T) {
	for _, kind := range []Kind{Genuine, Skilled, Shaky} {
		a := Generate(5, kind, 1)
		if !reflect.DeepEqual(a, Generate(5, kind, 1)) {
			t.Errorf("kind %d: twice the same seeds, two signatures", kind)
		}
		if reflect.DeepEqual(a, Generate(5, kind, 2)) || reflect.DeepEqual(a, Generate(6, kind, 1)) {
			t.Errorf("kind %d: other seeds, the same signature", kind)
		}
	}
	if reflect.DeepEqual(Generate(5, Genuine, 1), Generate(5, Shaky, 1)) {
		t.Error("a shaky one is the genuine one")
	}
}

func TestGeneratedSignaturesKeepTheBounds(t *testing.T) {
	for writer := range uint64(100) {
		for _, kind := range []Kind{Genuine, Skilled, Shaky} {
			s := Generate(writer<<40+writer, kind, writer)
			if err := s.Check(); err != nil {
				t.Errorf("writer %d, kind %d: %v", writer, kind, err)
			}
			points := 0
			for _, stroke := range s {
				points += len(stroke)
			}
			if points < 60 || points > 1000 {
				t.Errorf("writer %d, kind %d: %d points", writer, kind, points)
			}
		}
	}
}
