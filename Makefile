# Sidian 四电. `make help` lists the verbs.
SHELL := /bin/sh
GO ?= go
PKG ?= ./...
FUZZTIME ?= 5m
export CGO_ENABLED ?= 1

.PHONY: help
help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: ## a small county on http://localhost:8080, in ./sidian-demo
	$(GO) run ./cmd/sidian demo

.PHONY: build
build: ## the three binaries into bin/
	$(GO) build -trimpath -o bin/ ./cmd/...

.PHONY: need
need: ## install (as root on Debian) or name what the tests use
	@scripts/need.sh gcc postgres chromium cjk-font node xmllint openssl pdftoppm softhsm

.PHONY: test
test: need ## all tests, on SQLite and PostgreSQL, with the independent checkers and the browser
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'make test: the files above are not gofmt-ed' >&2; exit 1; }
	$(GO) vet $(PKG)
	scripts/with-postgres.sh $(GO) test -timeout 20m -vet=off -ldflags='-s -w' $(PKG)
	@$(MAKE) --no-print-directory modules

.PHONY: modules
modules: need ## keys in tokens and devices: PKCS#11 against SoftHSM2, SDF against a stand-in
	$(GO) vet -tags 'pkcs11 sdf' ./internal/keys/...
	scripts/with-postgres.sh $(GO) test $(MODULES)

MODULES = -tags 'pkcs11 sdf' -timeout 10m ./internal/keys/pkcs11 ./internal/keys/sdf ./internal/keys/modules

.PHONY: race
race: need ## the race detector over what is concurrent
	scripts/with-postgres.sh $(GO) test -race -timeout 20m ./internal/db/... ./internal/outbox/... ./internal/audit/... ./internal/blob/... ./internal/keys/... ./internal/httpx/... ./internal/iam/... ./internal/auth/... ./internal/auditor/... ./internal/due/... ./internal/onboard/... ./internal/seal/... ./internal/cert/... ./internal/composite/... ./internal/bound/... ./internal/feedback/...
	scripts/with-postgres.sh $(GO) test -race $(MODULES)

.PHONY: lint
lint: ## golangci-lint, pinned in tools.mod
	$(GO) tool -modfile=tools.mod golangci-lint run $(PKG)

.PHONY: bench
bench: need ## one line a figure, each beside its floor (docs/performance.md)
	FSYNC=on scripts/with-postgres.sh $(GO) run ./internal/bench

.PHONY: fuzz
fuzz: ## every fuzzer for FUZZTIME (5m) each
	scripts/fuzz.sh $(FUZZTIME)

.PHONY: golden
golden: ## write the golden files anew; read the diff before you commit it
	scripts/with-postgres.sh $(GO) test $$($(GO) list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' $(PKG) | xargs grep -l --include='*_test.go' -r 'flag.Bool("update"' | xargs -n1 dirname | sort -u) -update

.PHONY: screenshots
screenshots: need ## every page at 360 and 1440 px into screenshots/
	SCREENSHOTS=$(CURDIR)/screenshots $(GO) test -count=1 -run 'TestBrowser' ./internal/app/...

.PHONY: stories
stories: need ## the stories of the browser, each at the other width
	OTHER_WIDTH=1 $(GO) test -count=1 -timeout 1h -run 'TestBrowser' ./internal/app/...

.PHONY: fonts
fonts: ## rebuild the embedded font subsets from their source packages
	scripts/fonts.sh subset

.PHONY: fonts-full
fonts-full: ## put the full fonts into DATA (for names with rare characters)
	scripts/fonts.sh full $(DATA)

.PHONY: scale
scale: need ## long runs: a million rows, soak, kill
	FSYNC=on scripts/with-postgres.sh $(GO) test -tags scale -timeout 4h -run 'TestScale' $(PKG)
