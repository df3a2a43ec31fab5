package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/version"
)

// usageError is a command line that cannot be understood. The usage is not shown with it: it would push
// the reason off the screen.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// failure is an error that has been told to the user already.
type failure struct{ code int }

func (e failure) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// run is the whole program. It returns the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	long, _ := normalize(args)
	cmd := p.command()
	cmd.SetArgs(long)
	err := cmd.ExecuteContext(ctx)

	var told failure
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &told):
		return told.code
	case errors.As(err, &usage):
		fmt.Fprintf(p.err, "%s: %s\nTry '%s --help'.\n", p.name, err, p.name)
		return exitUsage
	default:
		fmt.Fprintf(p.err, "%s: %s\n", p.name, err)
		return exitFail
	}
}

func (p *program) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:               p.name + " [options]",
		Short:             "NATS server",
		Args:              cobra.ArbitraryArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(cmd *cobra.Command, words []string) error {
			return p.choose(cmd.Context(), cmd.Flags(), words)
		},
	}
	cmd.SetOut(p.out)
	cmd.SetErr(p.err)
	cmd.SetHelpFunc(func(*cobra.Command, []string) { writeUsage(p.out, p.name) })
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	addFlags(cmd.Flags())
	return cmd
}

// choose does what the command line asks for: show something, signal, test or serve.
func (p *program) choose(ctx context.Context, flags *pflag.FlagSet, words []string) error {
	on := func(name string) bool { v, _ := flags.GetBool(name); return v }
	if len(words) > 0 {
		switch strings.ToLower(words[0]) {
		case "help":
			writeUsage(p.out, p.name)
			return nil
		case "version":
			p.writeVersion()
			return nil
		default:
			return fmt.Errorf("unrecognized command: %q", words[0])
		}
	}
	switch {
	case on(flagVersion):
		p.writeVersion()
		return nil
	case on(flagHelpTLS):
		writeTLSHelp(p.out)
		return nil
	case flags.Changed(flagSignal):
		request, _ := flags.GetString(flagSignal)
		return p.signal(request)
	}
	src, err := p.source(flags)
	if err != nil {
		return err
	}
	if on(flagTest) {
		return p.test(src, on(flagStrict))
	}
	return p.start(ctx, src, on(flagStrict))
}

func (p *program) writeVersion() {
	fmt.Fprintf(p.out, "%s: v%s (nats-server %s compatible)\n", p.name, version.Natsd, peerVersion())
}

// peerVersion is the release of nats-server whose behaviour this build matches.
func peerVersion() string {
	v, _, _ := strings.Cut(version.Protocol, "-")
	return v
}
