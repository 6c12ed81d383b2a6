package admin

import (
	_ "embed"
	"net/http"
)

// The page for people is a client of the API like any other: its files hold no data and
// are given to anybody. The token is in the part of its URL that no request carries
// (#token=…).
var (
	//go:embed page.html
	pageHTML []byte
	//go:embed page.css
	pageCSS []byte
	//go:embed page.js
	pageJS []byte
	//go:embed show.js
	showJS []byte
	//go:embed words.js
	wordsJS []byte
)

// pageFile is a file of the page.
type pageFile struct {
	kind string // its Content-Type
	text []byte
}

func (f pageFile) serve(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", f.kind)
	w.Write(f.text)
}

// pageFiles are the page's files by route.
var pageFiles = map[string]pageFile{
	"GET /{$}":      {"text/html; charset=utf-8", pageHTML},
	"GET /page.css": {"text/css; charset=utf-8", pageCSS},
	"GET /page.js":  {"text/javascript; charset=utf-8", pageJS},
	"GET /show.js":  {"text/javascript; charset=utf-8", showJS},
	"GET /words.js": {"text/javascript; charset=utf-8", wordsJS},
}
