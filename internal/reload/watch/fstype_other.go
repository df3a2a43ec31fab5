//go:build !linux

package watch

func sharedFS(string) string { return "" }
