//go:build !unix

package logging

const openNonblock = 0
