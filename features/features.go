// Package features holds the features that come with posfleet, as users read
// them: what a terminal and its host must do, in English and Chinese.
//
// [FS] has four folders. core is what every dialect has; cup and iso87 are
// what only that dialect has; load holds @load scenarios, which say how many
// cardholders come, what they do and what they are promised.
package features

import "embed"

// FS is the features: core, cup, iso87 and load, each a folder of *.feature.
//
//go:embed */*.feature
var FS embed.FS
