package config

// sections lists all sections in the order in which they are documented, decoded and checked. Each
// section stands in its own file.
func sections() []section {
	return []section{
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
}
