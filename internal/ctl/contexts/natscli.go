package contexts

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// NATSDir is the folder where the nats command keeps its contexts.
func NATSDir() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder for configuration: %w", err)
	}
	return filepath.Join(dir, "nats", "context"), nil
}

// ImportNATS reads the contexts of the nats command from a folder. They name the port of clients, so
// the server of a context becomes the usual address of the admin API on the same host; what proves a
// NATS user is of no use there and stays where it is.
func ImportNATS(dir string) ([]Context, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("find contexts in %s: %w", dir, err)
	}
	sort.Strings(names)
	var found []Context
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read a context: %w", err)
		}
		var c struct {
			Description string `json:"description"`
			URL         string `json:"url"`
			CA          string `json:"ca"`
			Cert        string `json:"cert"`
			Key         string `json:"key"`
		}
		if err := json.Unmarshal(text, &c); err != nil {
			return nil, fmt.Errorf("%s is no context of the nats command", name)
		}
		found = append(found, Context{
			Name: strings.TrimSuffix(filepath.Base(name), ".json"), Description: c.Description,
			Server: adminOf(c.URL, c.CA != "" || c.Cert != ""), TLSCA: c.CA, TLSCert: c.Cert, TLSKey: c.Key,
		})
	}
	return found, nil
}

// adminOf is the usual address of the admin API on the host of the first of some URLs.
func adminOf(urls string, tls bool) string {
	first, _, _ := strings.Cut(urls, ",")
	if !strings.Contains(first, "://") {
		first = "nats://" + first
	}
	u, err := url.Parse(first)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if tls || u.Scheme == "tls" || u.Scheme == "wss" {
		return "https://" + host + ":8223"
	}
	return "http://" + host + ":8223"
}
