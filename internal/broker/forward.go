package broker

// Copy is what one link gets of a run: all of it if Plain is set, and those messages for which a member
// of a queue group behind the link was chosen.
type Copy struct {
	Plain  bool
	Groups []Chosen

	link Link
}

// Chosen names a queue group and the messages that are for it: bit i stands for message i of the run.
type Chosen struct {
	Name string
	Msgs uint64
}

// Wants tells whether message i goes to the link at all.
func (c *Copy) Wants(i int) bool {
	if c.Plain {
		return true
	}
	for k := range c.Groups {
		if c.Groups[k].Msgs>>i&1 != 0 {
			return true
		}
	}
	return false
}

// choose notes that the group gets message i.
func (c *Copy) choose(group string, i int) {
	for k := range c.Groups {
		if c.Groups[k].Name == group {
			c.Groups[k].Msgs |= 1 << i
			return
		}
	}
	c.Groups = append(c.Groups, Chosen{group, 1 << i})
}

// copyTo returns what has been noted for a link in the copies from base on. The pointer holds until the
// next call.
func (b *Batch) copyTo(base int, l Link) *Copy {
	for i := base; i < len(b.copies); i++ {
		if b.copies[i].link == l {
			return &b.copies[i]
		}
	}
	n := len(b.copies)
	if n < cap(b.copies) {
		b.copies = b.copies[:n+1] // with the room that its list of groups has
	} else {
		b.copies = append(b.copies, Copy{})
	}
	c := &b.copies[n]
	c.link = l
	return c
}

// forward sends the copies from base on, each to its link.
func (b *Batch) forward(base int, r *Run) int {
	sent := 0
	for i := base; i < len(b.copies); i++ {
		c := &b.copies[i]
		sent += c.link.Forward(b, r, c)
		clear(c.Groups)
		*c = Copy{Groups: c.Groups[:0]}
	}
	b.copies = b.copies[:base]
	return sent
}
