# The commands of this repository. Each needs Go 1.26 and make, fetches the Go
# tools pinned in tools/go.mod by itself, and names what else it lacks.

GO       ?= go
TOOL      = $(GO) tool -modfile=tools/go.mod
FUZZTIME ?= 1m

# The race detector needs a C compiler.
RACE = $(shell [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v "$$($(GO) env CC)" >/dev/null && echo -race)

.PHONY: demo build test lint fuzz bench vulncheck clean help

## demo: send genuine and forged deliveries to a receiver, and show what becomes of them
demo: build
	./dist/labelhook demo

## build: dist/labelhook
build:
	CGO_ENABLED=0 $(GO) build -trimpath -o dist/labelhook ./cmd/labelhook

# The race detector has every program sleep a second at its end: hundreds are run.
export GORACE ?= atexit_sleep_ms=0

## test: every test; with the race detector where there is a C compiler
test: .tools/iam-simulate/node_modules .tools/languages/node_modules .tools/axe/node_modules
	@[ -n "$(RACE)" ] || echo "make test: no C compiler found, so without the race detector (Debian: gcc, macOS: xcode-select --install)"
	$(TOOL) gotestsum --format pkgname --hide-summary skipped -- $(RACE) ./...
	$(GO) test -count=1 -run 'Allocates|InProportion' ./core ./core/annotation

# What the test of the Lambda role asks; where npm is missing, that test says so.
.tools/iam-simulate/node_modules: deploy/aws/testdata/iam-simulate/package-lock.json
	@if command -v npm >/dev/null; then $(MAKE) -f deploy/aws/Makefile iam-simulate && touch $@; fi

# What the examples of docs/languages.md need; without npm, their tests say so.
.tools/languages/node_modules: docs/schema/testdata/languages/package-lock.json
	@if command -v npm >/dev/null; then mkdir -p $(@D) && cp docs/schema/testdata/languages/package*.json $(@D) && \
		cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund && touch node_modules; fi

# What looks for barriers in the page of labelhook listen; without npm, its test says so.
.tools/axe/node_modules: internal/inspector/testdata/axe/package-lock.json
	@if command -v npm >/dev/null; then mkdir -p $(@D) && cp internal/inspector/testdata/axe/package*.json $(@D) && \
		cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund && touch node_modules; fi

## lint: gofmt, shellcheck, go mod tidy, go vet and staticcheck, cheapest first, all without a finding
lint:
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "make lint: run gofmt -w on $$unformatted"; exit 1; }
	@command -v shellcheck >/dev/null || { echo "make lint: shellcheck is missing (Debian: apt-get install shellcheck, macOS: brew install shellcheck)"; exit 1; }
	shellcheck .ci/run $$(git ls-files '*.sh')
	$(GO) mod tidy -diff
	cd bench && $(GO) mod tidy -diff
	$(GO) vet ./...
	cd bench && $(GO) vet ./...
	$(TOOL) staticcheck ./...

## fuzz: every fuzz target for FUZZTIME (1m)
fuzz:
	@set -e; for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "fuzz $$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$package; \
		done; \
	done

## bench: every benchmark, and the budgets they must keep as ratios of one run
bench:
	$(GO) test -run '^$$' -bench . -benchtime 0.2s ./...
	cd bench && $(GO) test -run '^$$' -bench . -benchtime 0.2s . && $(GO) run ./budgets

## vulncheck: known vulnerabilities in what is linked
vulncheck:
	$(TOOL) govulncheck ./...

## clean: remove what the other commands made
clean:
	rm -rf dist .tools

## help: this list
help:
	@sed -n 's/^## \([a-z]*\): /\1\t/p' Makefile | expand -t 12
