//go:build race

package tlsconn

// racing tells that pools lose things on purpose.
const racing = true
