// Package inside runs a server within the process of a test, for tests that look at it from within and from
// outside: of the API, of metrics.
//
// It is not for black-box tests, which run the program: see package harness.
package inside
