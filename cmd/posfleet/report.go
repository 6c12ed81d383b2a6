package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/report/page"
	"github.com/posfleet/posfleet/report/plot"
)

func reportCommand() *cobra.Command {
	var asJSON bool
	var html, pictures string
	cmd := &cobra.Command{
		Use:   "report DIR…",
		Short: "tell a run again in any form; several folders are merged",
		Long: "Reads run folders and tells them again as text, JSON, a page or pictures. Several folders are the\n" +
			"parts of one run: their histograms are added, never averaged.\n\n" + exitHelp,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var all *report.Report
			for _, dir := range args {
				r, err := report.Read(dir)
				if err != nil {
					return usage(err)
				}
				if all == nil {
					all = r
				} else if err := all.Merge(r); err != nil {
					return usage(fmt.Errorf("%s: %w", dir, err))
				}
			}
			if html != "" {
				if err := page.Save(all, html); err != nil {
					return &exit{code: exitIncomplete, err: err}
				}
			}
			if pictures != "" {
				if err := os.MkdirAll(filepath.Clean(pictures), 0o755); err != nil {
					return &exit{code: exitIncomplete, err: err}
				}
				if _, err := plot.Save(all, pictures); err != nil {
					return &exit{code: exitIncomplete, err: err}
				}
			}
			if asJSON {
				return all.WriteJSON(cmd.OutOrStdout())
			}
			all.WriteText(cmd.OutOrStdout(), newProgress(cmd.OutOrStdout()).color(cmd.OutOrStdout()))
			return nil
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&asJSON, "json", false, "print run.json")
	fl.StringVar(&html, "html", "", "write the page to this file")
	fl.StringVar(&pictures, "pictures", "", "write the pictures into this folder")
	return cmd
}
