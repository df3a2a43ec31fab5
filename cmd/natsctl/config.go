package main

import "github.com/spf13/cobra"

// configCommand holds what is about the configuration, of a file or of a server.
func (a *app) configCommand() *cobra.Command {
	return group("config", "Check, compare, convert and change configurations",
		a.validateCommand(), a.fmtCommand(), a.convertCommand(), a.diffCommand(), a.schemaCommand(), a.explainCommand(),
		a.configGetCommand(), a.configFilesCommand(), a.configHistoryCommand(), a.configShowCommand(), a.configRestoreCommand(),
		a.configConfirmCommand(), a.configSetCommand(), a.configApplyCommand(), a.configEditCommand(),
	)
}
