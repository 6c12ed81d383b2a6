# Tools that are not of this module, by exact version.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
CYCLONEDX   := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
GREMLINS    := github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0

# Packages whose mutants make mutate looks at, each held to its own tests alone.
MUTATE ?= sim/audit sim/rules sim/host/book sim/host report sim

FUZZTIME ?= 30s
SOAK ?= 10m
SOAKRATE ?= 500/s

help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the program, bin/posfleet
	go build -trimpath -o bin/posfleet ./cmd/posfleet

test: ## all tests
	go test ./...

race: ## all tests in random order under the race detector (pictures and browser: make test)
	go test -race -short -shuffle=on ./...

bench: ## what an exchange costs, part by part
	go test -run '^$$' -bench . -benchmem ./...

lint: ## gofmt, go vet, staticcheck, go.mod
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	go vet ./...
	go vet -tags pkcs11 ./...
	go run $(STATICCHECK) ./...
	go run $(STATICCHECK) -tags pkcs11 ./sim/keys
	go mod tidy -diff
	go mod verify

cover: ## bin/cover.html, which lines the tests reach
	mkdir -p bin
	go test -coverpkg=./... -coverprofile=bin/cover.out ./...
	go tool cover -html=bin/cover.out -o bin/cover.html

docs: ## docs/steps.md and docs/rules.md, from their tables, and docs/coverage.md
	for page in steps rules; do \
	  go run ./cmd/posfleet $$page --markdown > docs/$$page.md.new && mv docs/$$page.md.new docs/$$page.md || exit 1; \
	done
	go test ./scenarios -count 1 -run TestEverythingOfADialectIsExercised -write-coverage

signature: ## docs/signature.png and the figures beside it, in a minute
	go test ./sim/signature -count 1 -run TestErrorRatesOfDocs -v -picture $(CURDIR)/docs/signature.png

scale: ## docs/scale.md's tables: one plan on 1 to 64 agents, some killed or cut off (as root in network namespaces)
	go test ./cmd/posfleet -count 1 -timeout 20m -run 'TestScale$$' -v -scale
	go test ./sim/agent -count 1 -run TestClusterNodeMayDie -v
	go test ./report -run '^$$' -bench JoinLogs -benchmem

soak: ## docs/reliability.md's table: SOAK (10m) of load under faults at SOAKRATE (500/s), and what grows meanwhile
	go test ./cmd/posfleet -count 1 -timeout 60m -run 'TestSoak$$' -v -soak $(SOAK) -soak-rate $(SOAKRATE)

mutate: ## mutants of the code about money that the tests do not notice, by package (MUTATE=sim/audit; hours)
	for p in $(MUTATE); do \
	  echo "== $$p"; \
	  GOFLAGS=-short go run $(GREMLINS) unleash --workers 1 --timeout-coefficient 30 --output-statuses lt --exclude-files / ./$$p || exit 1; \
	done

compare: ## docs/compare.md's figures: 360 runs against a host of known latency, in 20 minutes
	go test ./cmd/posfleet -count 1 -timeout 60m -run 'TestCompareOnTruthHost$$' -v -truth

deploy: ## hold deploy/ to the types of who reads it (a module of its own), and run it (as root)
	cd deploy/schema && go vet . && go test -count 1 .
	go test ./cmd/posfleet -count 1 -run '^(TestImageNeedsNothingElse|TestComposeRuns|TestSlurmScriptRuns|TestUnitIsSystemds)$$' -v -deploy

fuzz: ## each fuzz target for FUZZTIME (30s)
	go list ./... | while read -r p; do \
	  go test -list '^Fuzz' "$$p" | grep '^Fuzz' | while read -r f; do \
	    go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x "$$p" || exit 1; \
	  done || exit 1; \
	done

man: ## bin/man, a page of the manual for each verb
	mkdir -p bin/man/man1
	go test ./cmd/posfleet -count 1 -run 'TestManPages$$' -man $(CURDIR)/bin/man/man1

release: ## bin/release: archives for each system, SBOMs, checksums (docs/release.md)
	.ci/release

reproducible: ## build a release twice, in two places, and compare
	.ci/reproducible

vuln: ## known holes in what is linked; GOVULNDB=file:///DIR for a database of one's own
	.ci/vuln $(GOVULNCHECK)

offline: ## build and test without any network, once modules are there
	.ci/offline

verify: ## what docs/reliability.md claims, row by row with figures, in some minutes
	go test ./cmd/posfleet -count 1 -timeout 30m -run 'TestVerify$$' -v -verify

ci: ## what a release must pass
	.ci/run

.DEFAULT_GOAL := help
.PHONY: help build test race bench lint cover docs signature scale soak mutate compare deploy fuzz man release reproducible vuln offline verify ci
