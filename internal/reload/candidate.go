package reload

// Candidate names a configuration, to look at it without putting it into force. The zero Candidate is
// what a reload would read now.
type Candidate struct {
	Running  bool   // the one in force
	Revision int    // one of the history
	Path     string // another file in place of the configuration file
	Text     string // a text in place of the configuration file; its includes are read from there
	Name     string // what places in the text are shown under; empty is the configuration file
}
