// Package watch tells when files change that the configuration is made of: the configuration file and
// what it includes, certificates and keys, and secrets that stand in files of their own.
//
// A [Watcher] gets its files from a function, which it asks anew after every load, and calls back when
// what is on disk differs from what was loaded last. It listens to the directories of the files, of
// every symbolic link on the way to them and of every include pattern, never to the files: an editor
// that renames a new file over the old one, a file that is deleted and made again, and a mounted
// ConfigMap, whose ..data link is exchanged, look alike to it. An event only makes it look. What counts
// are the contents, so that a change of mode or time, or a save without a change, calls nobody.
//
// Changes are let come to rest: after the last event it waits for the quiet time, 2 seconds at most
// from the first, then reads everything twice, 50 ms apart, until both readings are the same. A writer
// who does not come to rest in time is called back for, with whatever stands there then; to refuse half
// a file is the caller's part. One call runs at a time, and what has changed meanwhile leads to the next
// one. Contents that were refused are not tried again as long as they stay as they are.
//
// Where the system has no events to give, it looks at intervals: on file systems that others may change
// behind the kernel's back, at the limit of watches, and while a directory is missing. Where it has, it
// still looks once a minute, for a renamed directory further up or a new mount makes no event here.
//
// The package does not load, parse or judge a configuration, except that [Files] reads the tree of one
// to find the files in it. It may be imported by what builds the server.
package watch
