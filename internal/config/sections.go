package config

import "sync"

// sections lists all sections in the order in which they are documented, decoded and checked. Each
// section stands in its own file.
var sections = sync.OnceValue(func() []section {
	all := []section{
		listenSection,
		tlsSection,
		limitsSection,
		loggingSection,
		monitoringSection,
		authorizationSection,
		calloutSection,
		accountsSection,
		exportsSection,
		accountJetStreamSection,
		clusterSection,
		gatewaySection,
		leafnodesSection,
		websocketSection,
		mqttSection,
		jetstreamSection,
		operatorSection,
		ocspSection,
		adminSection,
	}
	for _, s := range all {
		for i := range s.keys {
			s.keys[i].Default = normalDefault(s.keys[i].Default)
		}
	}
	return all
})
