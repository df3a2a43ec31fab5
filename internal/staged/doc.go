// Package staged writes files so that nobody ever sees half of one: whole beside the target first, then
// under its name.
//
// It knows nothing of what the files are for. Any package that writes files may import it.
package staged
