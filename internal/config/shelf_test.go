package config

import "testing"

func TestShelf(t *testing.T) {
	t.Parallel()
	var s shelf[int]
	s.put("a", 1)
	s.put("b", 2)
	s.put("a", 3)
	s.drop("c")
	if s.get("a") != 3 || s.get("b") != 2 || s.get("c") != 0 || len(s) != 2 {
		t.Error(s)
	}
	s.drop("a")
	if s.get("a") != 0 || s.get("b") != 2 || len(s) != 1 {
		t.Error(s)
	}
}
