package reload

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"natsd/internal/config"
)

// planID names the step from a configuration in force to next. It is made of what the step depends on,
// so that nobody needs to keep plans: who plans again gets the same name as long as the same would
// happen. Names are good for one run of the server.
func planID(from State, next *config.Options) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%d %s %s %s", from.Revision, from.Digest, next.Digest, next.Archive.SideSum()) // never fails
	return "plan-" + hex.EncodeToString(h.Sum(nil)[:12])
}
