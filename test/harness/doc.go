// Package harness runs the built binaries for the black-box tests: natsd, built once per test
// binary, and the peer, the nats-server found on the machine.
//
// It knows processes, ports, certificates, raw connections and the monitoring port. It is not a
// library of natsd: it imports none of natsd's packages, so that what it says about natsd is what
// anybody outside sees. Only packages below test/ may import it.
package harness
