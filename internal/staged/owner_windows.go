package staged

import "io/fs"

// ownerOf knows nothing: files get their owner from the folder.
func ownerOf(fs.FileInfo) (uid, gid int, known bool) { return 0, 0, false }
