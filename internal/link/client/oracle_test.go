package client

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"natsd/internal/conn"
	"natsd/internal/wire"
)

// The model of what a server does with a script: lists that are gone through one by one, and nothing that
// is remembered. It knows neither reads nor runs. Where the server may choose, among the members of a queue
// group, it looks at what the server chose and checks that it might.

// oracle follows one play.
type oracle struct {
	scenes []*scene
	set    *scene
	now    [actors]*soul
	lives  [actors][]*soul
	cut    *soul           // that was too slow in this step
	seen   map[int][]taken // who got a message, by its id
	err    error
}

// taken says that a life of a client got a message.
type taken struct {
	l   *soul
	sid string
}

// soul is one connection of a client as the model sees it.
type soul struct {
	who    int
	life   *life
	heard  []frame            // all that it was sent
	bySID  map[string][]frame // messages that are still to be explained
	user   *right
	text   string // of its rights
	how    deed   // CONNECT
	subs   map[string]*interestOf
	had    []*interestOf  // at the end
	open   map[string]int // replies that it may send, with the number that it has sent
	shut   bool           // it does not read
	queued int            // bytes that wait for it since
	why    conn.Reason
	msgs   int

	lines []line // that it is due to be sent
	hides int    // lines before it has stopped to read
	shuts int    // how often it has
}

// line is one that is no message. Those that belong together come in any order.
type line struct {
	text  string
	block int // 0: by itself
	after int // messages before PONG; -1: not checked
}

// interestOf is a subscription.
type interestOf struct {
	*soul
	subject, queue, sid string
	got, max            int
	covered             bool // by one entry of the allow list
}

// judge compares what the server did with what it should have done.
func judge(s *script, scenes []*scene, lives [actors][]*life) error {
	o := &oracle{scenes: scenes, set: scenes[s.set], seen: map[int][]taken{}}
	for who := range lives {
		for _, l := range lives[who] {
			x := &soul{who: who, life: l, bySID: map[string][]frame{}}
			var err error
			if x.heard, err = l.frames(); err != nil {
				return err
			}
			for _, f := range x.heard {
				if f.sid != "" {
					x.bySID[f.sid] = append(x.bySID[f.sid], f)
				}
				if f.id > 0 {
					o.seen[f.id] = append(o.seen[f.id], taken{x, f.sid})
				}
			}
			o.lives[who] = append(o.lives[who], x)
		}
	}
	for i := range s.steps {
		o.do(&s.steps[i])
		if o.err != nil {
			return fmt.Errorf("step %d: %w", i, o.err)
		}
	}
	for who, x := range o.now {
		if x != nil {
			x.shut = false
			o.end(who, conn.ClientClosed, "")
		}
	}
	for who := range o.lives {
		for _, x := range o.lives[who] {
			if x.why == conn.Open {
				o.fail("client %d has a life too many", who)
			}
		}
	}
	return o.err
}

func (o *oracle) fail(format string, args ...any) {
	if o.err == nil {
		o.err = fmt.Errorf(format, args...)
	}
}

func (o *oracle) do(s *step) {
	x := o.now[s.who]
	o.cut = nil
	switch {
	case s.reload:
		o.reload(o.scenes[s.set])
	case s.tap:
		if x := o.now[0]; x != nil {
			if x.shut, x.queued = !x.shut, 0; x.shut {
				x.shuts, x.hides = x.shuts+1, len(x.lines)
			}
		}
	case s.leave:
		if x != nil {
			x.shut = false
			o.end(s.who, conn.ClientClosed, "")
		}
	default:
		if x == nil {
			if x = o.born(s.who); x == nil {
				return
			}
			o.act(x, &s.hello)
		}
		for i := range s.deeds {
			o.act(x, &s.deeds[i])
		}
	}
}

// born begins the next life of a client.
func (o *oracle) born(who int) *soul {
	for _, x := range o.lives[who] {
		if x.why == conn.Open && x.subs == nil {
			x.subs = map[string]*interestOf{}
			o.now[who] = x
			return x
		}
	}
	o.fail("client %d did not connect again", who)
	return nil
}

// act carries out one deed.
func (o *oracle) act(x *soul, d *deed) {
	if x.why != conn.Open {
		// The end of a client that is too slow may be noticed only when the run that it has published is
		// through: what was sent to anybody must have been sent to all.
		if x.why == conn.SlowConsumerPendingBytes && d.kind == doPub && len(o.seen[d.id]) > 0 {
			o.deliver(x, d)
		}
		return
	}
	switch d.kind {
	case doConnect:
		o.connect(x, d)
	case doPing:
		o.tell(x, "PONG")
	case doSub:
		o.subscribe(x, d)
	case doUnsub:
		if sub := x.subs[d.sid]; sub != nil {
			if sub.max = d.max; d.max <= sub.got {
				delete(x.subs, d.sid)
			}
		}
		o.ok(x)
	case doPub:
		o.publish(x, d)
	}
}

func (o *oracle) connect(x *soul, d *deed) {
	user := o.set.users[d.user]
	x.how, x.user = *d, user
	clear(x.subs)
	if user == nil {
		o.end(x.who, conn.AuthenticationViolation, wire.TextAuthorization)
		return
	}
	x.text, x.open = user.text, map[string]int{}
	o.ok(x)
}

func (o *oracle) ok(x *soul) {
	if x.how.verbose {
		o.tell(x, "+OK")
	}
}

// tell sends a line.
func (o *oracle) tell(x *soul, text string) {
	l := line{text: text, after: -1}
	if text == "PONG" {
		l.after = x.msgs
	}
	x.lines = append(x.lines, l)
	o.queue(x, len(text)+2)
}

func (o *oracle) refuse(x *soul, format string, args ...any) {
	o.tell(x, "-ERR '"+fmt.Sprintf(format, args...)+"'")
}

// queue counts bytes that wait for a client that does not read, and ends it when these are too many.
func (o *oracle) queue(x *soul, n int) {
	if x.shut && x.why == conn.Open {
		if x.queued += n; x.queued > o.set.pending {
			o.cut = x
			o.end(x.who, conn.SlowConsumerPendingBytes, "")
		}
	}
}

func (o *oracle) subscribe(x *soul, d *deed) {
	r := &x.user.rules
	using := ""
	if d.queue != "" {
		using = fmt.Sprintf(" using queue %q", d.queue)
	}
	empty := slices.Contains(strings.Split(d.subject, "."), "")
	switch {
	case d.queue == "_sys_", empty && r.subAllow != nil, !empty && !r.maySubscribe(d.subject, d.queue):
		o.refuse(x, "Permissions Violation for Subscription to %q%s", d.subject, using)
	case o.set.subs > 0 && len(x.subs) >= o.set.subs:
		o.refuse(x, "maximum subscriptions exceeded")
	case x.subs[d.sid] != nil:
		o.ok(x)
	case empty || strings.Contains(d.subject, ">."):
		o.refuse(x, "Invalid Subject")
	default:
		x.subs[d.sid] = &interestOf{soul: x, subject: d.subject, queue: d.queue, sid: d.sid, covered: r.covered(d.subject, d.queue)}
		o.ok(x)
	}
}

func (o *oracle) publish(x *soul, d *deed) {
	switch {
	case d.hpub && !x.how.headers:
		o.end(x.who, conn.ProtocolViolation, "")
		return
	case d.size() > o.set.payload:
		o.end(x.who, conn.MaxPayloadExceeded, wire.TextPayload)
		return
	}
	empty := slices.Contains(strings.Split(d.subject, "."), "")
	if x.how.pedantic && (empty || strings.ContainsAny(d.subject, "*>")) {
		o.refuse(x, "Invalid Publish Subject")
	}
	reserved := strings.HasPrefix(d.subject, "_GR_.") || strings.HasPrefix(d.subject, "$NRG.")
	if reserved || !x.user.mayPublishTo(d.subject) && !x.answers(d.subject) {
		o.refuse(x, "Permissions Violation for Publish to %q", d.subject)
		return
	}
	if strings.HasPrefix(d.reply, "_R_.") || strings.HasPrefix(d.reply, "$JS.ACK.") {
		o.refuse(x, "Permissions Violation for Publish with Reply of %q", d.reply)
		return
	}
	o.ok(x)
	if x.why != conn.Open && len(o.seen[d.id]) == 0 {
		return
	}
	if o.deliver(x, d) == 0 && x.how.noResponders && d.reply != "" {
		o.nobody(x, d)
	}
}

func (r *right) mayPublishTo(s string) bool {
	if slices.Contains(strings.Split(s, "."), "") {
		return r.pubAllow == nil
	}
	return r.mayPublish(s)
}

// answers takes one of the answers that the client owes.
func (x *soul) answers(s string) bool {
	n, owes := x.open[s]
	if !owes || !x.user.answers {
		return false
	}
	if x.open[s] = n + 1; n+1 == answersPerRequest {
		delete(x.open, s)
	}
	return true
}

// deliver gives a message to all who are to have it and returns to how many.
func (o *oracle) deliver(from *soul, d *deed) int {
	groups, n := map[string][]*interestOf{}, 0
	for _, x := range o.now {
		if x == nil || x.user == nil || x.user.account != from.user.account {
			continue
		}
		for _, sid := range slices.Sorted(maps.Keys(x.subs)) {
			sub := x.subs[sid]
			switch {
			case sub == nil || !sub.takes(from, d.subject):
			case sub.queue != "":
				groups[sub.queue] = append(groups[sub.queue], sub)
			default:
				n++
				o.give(sub, d.subject, d.reply, d)
			}
		}
	}
	for name, members := range groups {
		members = slices.DeleteFunc(members, func(sub *interestOf) bool { return sub.why != conn.Open })
		if sub := o.chosen(members, d.id); sub != nil {
			n++
			o.give(sub, d.subject, d.reply, d)
		} else if len(members) > 0 && !o.cutTakes(from, name, d.subject) {
			o.fail("message %d for %q: %d members of group %s, none of whom has it, or more than one", d.id, d.subject, len(members), name)
		}
	}
	return n
}

// cutTakes tells whether a member of the group may have taken a message although its client was too slow
// already: it gets a run group by group, not message by message, so that its end comes later.
func (o *oracle) cutTakes(from *soul, group, s string) bool {
	return o.cut != nil && o.cut.user.account == from.user.account && slices.ContainsFunc(o.cut.had, func(sub *interestOf) bool {
		return sub.queue == group && sub.takes(from, s)
	})
}

// takes tells whether a message is for the subscription.
func (sub *interestOf) takes(from *soul, s string) bool {
	if sub.soul == from && !from.how.echo || slices.Contains(strings.Split(s, "."), "") {
		return false
	}
	return hit(sub.subject, s) && sub.hears(s)
}

func (sub *interestOf) hears(s string) bool {
	r := &sub.user.rules
	return !r.denies(s, sub.queue) && (sub.covered || r.allows(s, sub.queue))
}

// chosen is the one of the members of a group that has got the message.
func (o *oracle) chosen(members []*interestOf, id int) *interestOf {
	var out *interestOf
	for _, sub := range members {
		for _, t := range o.seen[id] {
			if t.l == sub.soul && t.sid == sub.sid {
				if out != nil {
					return nil
				}
				out = sub
			}
		}
	}
	for _, sub := range members {
		if out == nil && sub.hidden() {
			return sub // nobody will ever know
		}
	}
	return out
}

// give sends a message to a subscription.
func (o *oracle) give(sub *interestOf, subject, reply string, d *deed) {
	x := sub.soul
	head, body := d.header, d.body
	if !x.how.headers {
		head = ""
	}
	text := "MSG " + words(subject, sub.sid, reply)
	if head != "" {
		text = "H" + text + fmt.Sprintf(" %d", len(head))
	}
	text += fmt.Sprintf(" %d\r\n%s%s\r\n", len(head)+len(body), head, body)
	if sub.got++; sub.got == sub.max {
		delete(x.subs, sub.sid)
	}
	x.msgs++
	if x.user.answers && reply != "" && !x.user.mayPublishTo(reply) {
		x.open[reply] = 0
	}
	if !x.hidden() {
		due := x.bySID[sub.sid]
		if len(due) == 0 || due[0].text != text {
			o.fail("client %d, subscription %s on %q: is due %.80q, got %.80q", x.who, sub.sid, sub.subject, text, first(due))
			return
		}
		x.bySID[sub.sid] = due[1:]
	}
	o.queue(x, len(text))
}

// hidden tells whether what the client is sent now will never be read.
func (x *soul) hidden() bool { return x.shut && x.life.lost && x.shuts == x.life.shuts }

func first(all []frame) string {
	if len(all) == 0 {
		return ""
	}
	return all[0].text
}

// nobody tells a client on one of its own subscriptions that its request has reached nobody.
func (o *oracle) nobody(x *soul, d *deed) {
	status := deed{header: "NATS/1.0 503\r\nNats-Subject: " + d.subject + "\r\n\r\n"}
	var may []*interestOf
	deaf := false
	for _, sid := range slices.Sorted(maps.Keys(x.subs)) {
		switch sub := x.subs[sid]; {
		case sub.queue != "" || !hit(sub.subject, d.reply):
		case sub.hears(d.reply):
			may = append(may, sub)
		default:
			deaf = true
		}
	}
	if len(may) == 0 {
		return
	}
	for _, sub := range may {
		size := len(status.header)
		text := fmt.Sprintf("HMSG %s %s %d %d\r\n%s\r\n", d.reply, sub.sid, size, size, status.header)
		if due := x.bySID[sub.sid]; x.hidden() || len(due) > 0 && due[0].text == text {
			o.give(sub, d.reply, "", &status)
			return
		}
	}
	if !deaf {
		o.fail("client %d is not told that nobody got message %d", x.who, d.id)
	}
}

func (o *oracle) reload(s *scene) {
	o.set = s
	for who, x := range o.now {
		if x == nil {
			continue
		}
		next := s.users[x.how.user]
		if next == nil {
			o.end(who, conn.CredentialsRevoked, wire.TextRevoked)
			continue
		}
		x.user = next
		if next.text != x.text {
			x.text, x.open = next.text, map[string]int{}
			o.narrow(x)
		}
		if s.subs > 0 && len(x.subs) > s.subs {
			o.end(who, conn.MaxSubscriptionsExceeded, wire.TextMaxSubscriptions)
		}
	}
}

// narrow takes away what is not allowed any more.
func (o *oracle) narrow(x *soul) {
	r, block := &x.user.rules, len(x.lines)+1
	for _, sid := range slices.Sorted(maps.Keys(x.subs)) {
		sub := x.subs[sid]
		if r.maySubscribe(sub.subject, sub.queue) {
			sub.covered = r.covered(sub.subject, sub.queue)
			continue
		}
		delete(x.subs, sid)
		text := fmt.Sprintf("Permissions Violation for Subscription to %q", sub.subject)
		if sub.queue != "" {
			text += fmt.Sprintf(" using queue %q", sub.queue)
		}
		text = fmt.Sprintf("-ERR '%s (sid %q)'", text, sid)
		x.lines = append(x.lines, line{text, block, -1})
		x.queued += len(text) + 2
	}
}

// end is the end of a life: nothing must be left then of what the client was sent, and nothing missing.
func (o *oracle) end(who int, why conn.Reason, words string) {
	x := o.now[who]
	o.now[who] = nil
	if words != "" {
		x.lines = append(x.lines, line{"-ERR '" + words + "'", 0, -1})
	}
	x.had = slices.Collect(maps.Values(x.subs))
	clear(x.subs)
	if x.why = why; x.life.why != why {
		o.fail("client %d ended with %q, want %q", who, x.life.why, why)
		return
	}
	if x.life.lost != x.shut {
		o.fail("client %d reads: %v", who, x.shut)
	}
	if x.shut {
		x.lines = x.lines[:x.hides]
	} else if int(x.life.msgs) != x.msgs {
		o.fail("client %d was sent %d messages, %d are counted", who, x.msgs, x.life.msgs)
	}
	for sid, due := range x.bySID {
		if len(due) > 0 {
			o.fail("client %d, subscription %s: got %.80q, which is not due", who, sid, due[0].text)
		}
	}
	o.compareLines(x)
}

// compareLines compares all but messages.
func (o *oracle) compareLines(x *soul) {
	var got []frame
	for _, f := range x.heard {
		if f.sid == "" {
			got = append(got, f)
		}
	}
	if len(got) != len(x.lines) {
		o.fail("client %d was told %d lines, want %d: %.300q, want %.300q", x.who, len(got), len(x.lines), texts(got), due(x.lines))
		return
	}
	for i := 0; i < len(got); {
		n := 1
		for block := x.lines[i].block; block > 0 && i+n < len(got) && x.lines[i+n].block == block; {
			n++
		}
		var have, want []string
		for k := i; k < i+n; k++ {
			have, want = append(have, got[k].text), append(want, x.lines[k].text)
			if after := x.lines[k].after; after >= 0 && got[k].after != after {
				o.fail("client %d: PONG comes after %d messages, want %d", x.who, got[k].after, after)
			}
		}
		slices.Sort(have)
		slices.Sort(want)
		if !slices.Equal(have, want) {
			o.fail("client %d: line %d is %q, want %q", x.who, i, have, want)
			return
		}
		i += n
	}
}

func due(all []line) []string {
	out := make([]string, len(all))
	for i := range all {
		out[i] = all[i].text
	}
	return out
}

func texts(all []frame) []string {
	out := make([]string, len(all))
	for i := range all {
		out[i] = all[i].text
	}
	return out
}
