//go:build !race

package client

// racing tells that pools lose things on purpose.
const racing = false
