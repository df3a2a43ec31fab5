package admin

import (
	"context"

	"natsd/internal/config"
	"natsd/internal/event"
	"natsd/internal/reload"
	"natsd/internal/status"
)

// Server is what the API asks of the server and makes it do. Its methods may be called from any
// goroutine. Package server implements it.
type Server interface {
	status.Source
	// Options is the configuration in force.
	Options() *config.Options
	// Events tells what happens.
	Events() *event.Hub
	// ReloadReport loads the configuration again and puts it into force. The report is nil when there
	// is nothing to load again.
	ReloadReport(ctx context.Context, req reload.Request) (*reload.Report, error)
}
