package watch

// system is what the watcher needs of the machine: [disk], or in tests of timing a set of files in
// memory, for there time stands still while a real event is on its way.
type system interface {
	// look reads all files. With listen it also sees to it that events of what it looked at will be
	// noted, from before the reading on.
	look(files []File, listen bool) *picture
	// deafen stops listening until the next look.
	deafen()
}

// disk is the real system.
type disk struct {
	camera   *camera
	listener *listener // nil: no events are asked for
}

// maxLooks bounds how often a look follows links that are being moved under its eyes. What it misses
// then makes an event.
const maxLooks = 5

func (d *disk) look(files []File, listen bool) *picture {
	p := d.camera.take(files)
	switch {
	case !listen:
		d.deafen()
		return p
	case d.listener == nil:
		p.blind = "it is asked for"
		return p
	}
	for range maxLooks {
		added, blind := d.listener.follow(p)
		p.blind = blind
		if !added {
			break
		}
		p = d.camera.take(files)
		p.blind = blind
	}
	return p
}

func (d *disk) deafen() {
	if d.listener != nil {
		d.listener.stop()
	}
}
