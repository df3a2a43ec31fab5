package api

import "time"

// TimeSeries is how figures of a server went.
type TimeSeries struct {
	Metrics []string  `json:"metrics"` // that were asked for
	Now     time.Time `json:"now"`
	Items   []Point   `json:"items"` // oldest first
}

// Point tells of the time up to a moment since the point before it: rates per second of in_msgs, out_msgs,
// in_bytes and out_bytes, means of conns, cpu (percent of one core) and mem (bytes).
type Point struct {
	Time   time.Time          `json:"time"`
	Values map[string]float64 `json:"values"`
}
