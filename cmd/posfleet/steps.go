package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/scenarios"
)

func stepsCommand() *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:   "steps",
		Short: "the vocabulary: every sentence that features can say, in English and Chinese",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			if markdown {
				return scenarios.WriteVocabulary(out)
			}
			group := ""
			for _, p := range scenarios.Phrases() {
				if p.Group != group {
					group = p.Group
					fmt.Fprintf(out, "\n%s\n", group)
				}
				fmt.Fprintf(out, "  %s\n  %s\n", p.English, p.Chinese)
				if p.Was != "" {
					fmt.Fprintf(out, "  %s (%s)\n", p.Was, scenarios.WasNote)
				}
				if p.Doc != "" {
					fmt.Fprintf(out, "      %s\n", p.Doc)
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print docs/steps.md")
	return cmd
}
