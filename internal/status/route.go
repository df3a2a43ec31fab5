package status

// Route is one connection to another server of the cluster.
type Route struct {
	Conn

	RemoteID, RemoteName string
	Solicited            bool   // this server has dialed, or would dial again
	Configured           bool   // as its configuration or an operator wants it
	Account              string // that the connection serves alone; empty for one of the pool
	Compression          string // mode
	Import, Export       *Rules // permissions of the other server; nil is none
}

// Rules are subjects that are allowed and denied.
type Rules struct {
	Allow []string `json:"allow,omitempty"`
	Deny  []string `json:"deny,omitempty"`
}

// Cluster is what a server knows of its cluster beside its configuration.
type Cluster struct {
	Name string // in force; empty without a cluster
	Port int    // that is bound; 0 is not listening
}
