package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/sim/rules"
)

func rulesCommand() *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "what answers must and should be: every rule, with its id and source",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			if markdown {
				return rules.WriteMarkdown(out)
			}
			for _, r := range rules.Table() {
				fmt.Fprintf(out, "%-15s %-6s  %s\n%24s(%s; %s)\n", r.ID, r.Level, r.Asks, "", r.Answers(), r.Source)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print docs/rules.md")
	return cmd
}
