// Package plan shows people what a reload would do, or has done: what changes and where that stands,
// whether it holds at once, and whose connections end.
//
// It only writes. The commands of natsctl may import it; it imports internal/admin/api and
// internal/ctl/output.
package plan
