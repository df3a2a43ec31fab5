package auth

import (
	"context"
	"fmt"
	"net/netip"

	"golang.org/x/crypto/bcrypt"
)

// verifier compares secrets such that every failure costs the same: as much as one comparison with
// the most expensive hash of the configuration, whether the user exists or not and whatever form
// the password has. What was right once is right without waiting.
type verifier struct {
	slots   *slots
	known   *known
	maxCost int // highest bcrypt cost of the configuration; 0: none, nothing to hide behind
}

func newVerifier(slots *slots, known *known, secrets ...*secret) *verifier {
	v := &verifier{slots: slots, known: known}
	for _, s := range secrets {
		v.maxCost = max(v.maxCost, s.cost)
	}
	return v
}

// check tells whether given is the secret; a nil secret stands for a user that does not exist.
// The error is that of ctx, which may end while check waits for a slot.
func (v *verifier) check(ctx context.Context, from netip.Addr, s *secret, given string) (bool, error) {
	if s == nil {
		s = &secret{}
	}
	hashed := s.hash != ""
	if equal := s.equals(given); equal && !hashed {
		return s.set || given == "", nil
	}
	if v.maxCost == 0 {
		return false, nil
	}
	if hashed && v.known.has(s.hash, given) {
		return true, nil
	}
	if err := v.slots.acquire(ctx, from); err != nil {
		return false, err
	}
	defer v.slots.release()
	spent := 0
	if hashed && s.cost > 0 && len(given) <= bcryptLongest {
		if v.known.has(s.hash, given) || s.hashOf(given) { // somebody else may have shown it meanwhile
			v.known.add(s.hash, given)
			return true, nil
		}
		spent = s.cost
	}
	return false, v.burn(ctx, spent)
}

// burn spends what is left of a comparison at maxCost after one at cost spent (0: none was made).
// A cost is a power of two, so 2^spent + 2^spent + 2^(spent+1) + … + 2^(maxCost-1) = 2^maxCost.
func (v *verifier) burn(ctx context.Context, spent int) error {
	if spent == 0 {
		compareNothing(v.maxCost)
		return nil
	}
	for cost := spent; cost < v.maxCost && ctx.Err() == nil; cost++ {
		compareNothing(cost)
	}
	return ctx.Err()
}

// compareNothing takes as long as comparing a password with a hash of that cost.
func compareNothing(cost int) {
	const saltAndSum = "natsdnatsdnatsdnatsdneMq9O4rTzRbcp2V8Xv1LEdkG5HsWyKqa"
	hash := fmt.Appendf(nil, "$2a$%02d$%s", cost, saltAndSum)
	_ = bcrypt.CompareHashAndPassword(hash, []byte("nothing"))
}
