//go:build race

package server

// racing tells that everything takes much longer.
const racing = true
