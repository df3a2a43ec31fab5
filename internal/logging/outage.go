package logging

import (
	"io"
	"log/slog"
	"time"
)

// tellInterval keeps an output that fails and recovers again and again from flooding stderr.
const tellInterval = time.Minute

// outage is the account of lines that an output could not take. The output's lock guards it.
type outage struct {
	stderr   io.Writer
	counters *counters
	lost     uint64
	told     time.Time // when stderr was told last
}

// lose counts a line that is lost because of err, and tells of the first one.
func (o *outage) lose(target string, err error) {
	o.lost++
	o.counters.failing.Store(true)
	if o.lost == 1 && time.Since(o.told) >= tellInterval {
		o.told = time.Now()
		tell(o.stderr, "%s can not be written, lines are dropped until it can: %v", target, err)
	}
}

// over is called for each line that was taken. After lost ones it gives the note that belongs in the
// gap.
func (o *outage) over() note {
	if o.lost == 0 {
		return note{}
	}
	n := note{slog.LevelWarn, "Log can be written again", []slog.Attr{slog.Uint64("dropped", o.lost)}}
	o.lost = 0
	o.counters.failing.Store(false)
	return n
}
