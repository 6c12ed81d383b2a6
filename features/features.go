// Package features holds the features that come with posfleet, as users read
// them: what a terminal and its host must do, in English and Chinese.
//
// Of the folders of [FS], core is what every dialect has; cup, iso87 and iso93 are
// what only that dialect has, and those that extend it; shop is a merchant's day, from
// the application to the money in the bank; load holds @load scenarios, which say how
// many cardholders come, what they do and what they are promised.
package features

import "embed"

// FS is the features: folders of *.feature.
//
//go:embed */*.feature
var FS embed.FS
