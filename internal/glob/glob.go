package glob

// Match tells whether name is of the form of pattern, in which * stands for any text, also for none, and
// ? for one character. Everything else stands for itself. It takes time in proportion to the product of
// the lengths at worst, and does not allocate.
func Match(pattern, name string) bool {
	p, n := 0, 0
	star, resume := -1, 0 // of the last *: its place, and where in name it ends
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, n
			p++
		case p < len(pattern) && pattern[p] == '?':
			p++
			n += width(name[n:])
		case p < len(pattern) && pattern[p] == name[n]:
			p++
			n++
		case star >= 0:
			resume += width(name[resume:])
			p, n = star+1, resume
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// width is the length of the first character of s, which is not empty.
func width(s string) int {
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}
