//go:build !race

package route

// racing tells that pools lose things on purpose.
const racing = false
