package config

// Cluster is the cluster block: routes to the servers of the same cluster.
type Cluster struct{}
