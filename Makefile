# Everything a developer or the CI does with natsd. Only Go and make are needed; what else a target
# can use is said beside it.

GO       ?= go
BIN      := bin
CONF     ?= conf/examples/quickstart.conf
FUZZTIME ?= 10s
BENCH    ?= .

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK   := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# What runs again under the race detector, natsd itself included where a test starts it. The other
# tests measure time and memory, which the detector changes.
RACE ?= ./cmd/... ./internal/... ./test/transcript ./test/client

.DEFAULT_GOAL := help
.PHONY: help build run test peer vet unit race soak fuzz bench duel micro lint vuln fmt clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/natsd and bin/natsctl
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o $(BIN)/ ./cmd/natsd ./cmd/natsctl

run: build ## build natsd and serve conf/examples/quickstart.conf (CONF=… for another file)
	$(BIN)/natsd -c $(CONF)

test: peer vet unit race ## everything that must pass before a change goes in

# nats-server, which natsd is compared with. Debian has it; elsewhere the comparing tests are
# skipped, visibly, unless NATSD_REQUIRE_PEER=1 asks for a failure.
peer:
	@command -v nats-server >/dev/null 2>&1 && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && grep -qs '^ID=debian' /etc/os-release; then \
		echo "installing nats-server, which the tests compare natsd with"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nats-server \
			|| echo "nats-server could not be installed"; \
	fi; \
	command -v nats-server >/dev/null 2>&1 || \
		echo "SKIPPED: no nats-server on this machine, the tests that compare natsd with it will be skipped"

vet:
	$(GO) vet ./...

# The black-box tests measure time and memory: one package at a time.
unit:
	$(GO) test -timeout 5m ./cmd/... ./internal/...
	$(GO) test -timeout 5m -p 1 ./test/... ./bench/...

race: ## run the tests under the race detector (needs a C compiler)
	@if [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v "$$($(GO) env CC)" >/dev/null 2>&1; then \
		echo "$(GO) test -race -short $(RACE)"; \
		$(GO) test -race -short -timeout 5m $(RACE); \
	else \
		echo "SKIPPED: the race detector needs cgo and a C compiler"; \
	fi

soak: ## run the long forms of the tests: soaks, millions, big sweeps
	NATSD_SOAK=1 $(GO) test -timeout 4h -count 1 -p 1 ./...

fuzz: ## run every fuzz target for FUZZTIME
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

bench: peer ## measure natsd against nats-server (DUEL=flags, -h lists them)
	$(GO) run ./bench $(DUEL)

duel: bench ## the same

micro: ## run the benchmarks of the packages (BENCH=regexp for some)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

lint: ## run golangci-lint
	$(GO) run $(GOLANGCI_LINT) run ./...
	$(GO) mod verify

vuln: ## look for known vulnerabilities
	$(GO) run $(GOVULNCHECK) ./...

fmt: ## format the code
	$(GO) run $(GOLANGCI_LINT) fmt ./...

clean: ## remove what has been built
	rm -rf $(BIN)
