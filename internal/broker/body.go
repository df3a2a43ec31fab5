package broker

import "natsd/internal/outbound"

// ShareFrom is the size of a body from which it is cheaper to send one copy to several receivers by
// reference than to copy it for each. Sinks copy smaller ones themselves.
const ShareFrom = 1024

const bodyEnd = "\r\n"

// AppendLargeLocked queues the body of message i of r, without its first cut bytes, and CR LF, behind the
// control line.
func (b *Batch) AppendLargeLocked(q *outbound.Queue, r *Run, i, cut int) {
	if b.canShare(r) {
		q.ShareLocked(b.share(r, i), cut)
		return
	}
	q.CopyLocked(r.Msgs[i].Body[cut:])
	q.CommitLocked(append(q.RoomLocked(len(bodyEnd)), bodyEnd...))
}

// canShare reports whether sinks may share the bodies of the run being published: it must be the
// publisher's own, not one that a service publishes on its behalf, nor a part of a run.
func (b *Batch) canShare(r *Run) bool { return r.Fan > 1 && b.depth == 1 && r != &b.one }

// share returns message i of the run being published as a body that several queues can send. It is
// copied on the first call.
func (b *Batch) share(r *Run, i int) *outbound.Shared {
	if b.shared[i] == nil {
		b.shared[i] = outbound.Share(r.Msgs[i].Body, bodyEnd)
	}
	return b.shared[i]
}
