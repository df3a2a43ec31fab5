package subject

// Matches reports whether a message published on literal is wanted by filter.
//
// Wildcard tokens of literal are plain text. A subject with an empty token is
// matched by nothing, and a filter with an empty token or an inner ">" matches
// nothing.
func Matches[F, L Text](filter F, literal L) bool {
	f, l := 0, 0
	for f < len(filter) {
		last := f+1 == len(filter)
		whole := last || filter[f+1] == Separator // filter[f] is a token by itself
		switch c := filter[f]; {
		case c == Any && whole:
			start := l
			if l = tokenEnd(literal, l); l == start {
				return false
			}
			f++
		case c == Rest && whole:
			return last && !HasEmptyToken(literal[l:])
		case c == Separator:
			return false
		default:
			for f < len(filter) && filter[f] != Separator {
				if l == len(literal) || literal[l] != filter[f] {
					return false
				}
				f++
				l++
			}
		}
		if f == len(filter) || l == len(literal) {
			return f == len(filter) && l == len(literal)
		}
		if literal[l] != Separator {
			return false
		}
		f++
		l++
	}
	return false
}

// Covers reports whether filter matches every subject that sub matches, so that
// a right given for filter is a right for sub. Both must be Valid.
func Covers[F, S Text](filter F, sub S) bool {
	f, s := 0, 0
	for {
		fEnd := tokenEnd(filter, f)
		if isToken(filter, f, fEnd, Rest) {
			return fEnd == len(filter) && !HasEmptyToken(sub[s:])
		}
		sEnd := tokenEnd(sub, s)
		switch {
		case s == sEnd || isToken(sub, s, sEnd, Rest):
			return false
		case isToken(filter, f, fEnd, Any):
		case !sameToken(filter, f, fEnd, sub, s, sEnd):
			return false
		}
		if fEnd == len(filter) || sEnd == len(sub) {
			return fEnd == len(filter) && sEnd == len(sub)
		}
		f, s = fEnd+1, sEnd+1
	}
}

// Overlaps reports whether there is a subject that both filters match. Both
// must be Valid.
func Overlaps[A, B Text](a A, b B) bool {
	i, j := 0, 0
	for {
		iEnd, jEnd := tokenEnd(a, i), tokenEnd(b, j)
		if i == iEnd || j == jEnd {
			return false
		}
		if isToken(a, i, iEnd, Rest) || isToken(b, j, jEnd, Rest) {
			return true
		}
		if !isToken(a, i, iEnd, Any) && !isToken(b, j, jEnd, Any) && !sameToken(a, i, iEnd, b, j, jEnd) {
			return false
		}
		if iEnd == len(a) || jEnd == len(b) {
			return iEnd == len(a) && jEnd == len(b)
		}
		i, j = iEnd+1, jEnd+1
	}
}

// sameToken compares a[i:iEnd] with b[j:jEnd] byte by byte: the two may be of
// different types.
func sameToken[A, B Text](a A, i, iEnd int, b B, j, jEnd int) bool {
	if iEnd-i != jEnd-j {
		return false
	}
	for i < iEnd {
		if a[i] != b[j] {
			return false
		}
		i++
		j++
	}
	return true
}
