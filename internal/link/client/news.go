package client

import "slices"

// News is what other servers have to do with what clients are told. It is immutable.
type News struct {
	Cluster string // name; empty without one
	Dynamic bool   // the name was made up
	URLs    []string
	Others  []string // those of URLs that are not this server's own
}

// Tell puts news into every INFO from now on. Clients that are connected get one if there are other
// addresses than before.
func (l *Link) Tell(n *News) {
	old := l.news.Swap(n)
	if old == nil {
		old = &News{}
	}
	if !slices.Equal(old.URLs, n.URLs) {
		l.Broadcast(nil)
	}
}

// News is what was told last.
func (l *Link) News() News {
	if n := l.news.Load(); n != nil {
		return *n
	}
	return News{}
}

func (l *Link) addNews(i *Info) {
	n := l.News()
	i.Cluster, i.ClusterDynamic, i.ConnectURLs = n.Cluster, n.Dynamic, n.URLs
}
