# The door.  `make help` lists every target; each is a line or two into meson.
SHELL := /bin/bash
BUILD ?= build
CC ?= gcc
T ?= 60
S ?= all

.DEFAULT_GOAL := help
.PHONY: help setup build agent try check check-llm attack asan lint fmt fuzz bench bench-peers coverage install deb clean

help: ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: ## packages, Rust crates, wasm tools (does nothing when all is there)
	@tools/setup

$(BUILD)/build.ninja: | setup
	@CC="$(CC)" meson setup $(BUILD) >/dev/null || { cat $(BUILD)/meson-logs/meson-log.txt; exit 1; }

build: setup $(BUILD)/build.ninja ## seal, seald and the agent component
	@ninja -C $(BUILD) --quiet

agent: setup $(BUILD)/build.ninja ## the agent component alone
	@ninja -C $(BUILD) --quiet seal-agent/agent.wasm

try: build ## the main job: a recorded model, everything else real
	@tests/try/run $(BUILD)

check: setup ## every test and lint, sanitizers included; last line: N passed, N failed
	@tools/check $(BUILD)

asan: setup ## the tests again, under AddressSanitizer and UBSan (clang)
	@tools/check --only asan $(BUILD)

coverage: setup ## lines and branches that the tests run, by folder
	@tools/coverage $(BUILD)

lint: build ## layers, calls = wit, imports, style, lengths
	@tools/lint $(BUILD)

fmt: ## clang-format, in place
	@git ls-files '*.c' '*.h' | xargs clang-format-22 -i

fuzz: setup ## fuzz targets: make fuzz T=60 S=json (seconds each; S=all)
	@tools/fuzz $(BUILD) $(T) $(S)

check-llm: build ## the model client against llama.cpp's server (builds it once: a quarter of an hour)
	@ninja -C $(BUILD) --quiet tests/model/model-chat
	@tests/model/real.sh $(BUILD)

attack: build ## everything that attacks, as one table (SEAL_ESCAPES=DIR for escape scripts)
	@tools/attack $(BUILD)

bench: build ## the table of figures, and build/bench.json
	@bench/run $(BUILD)

bench-peers: build ## seal beside the other agents (installs them once; SEAL_PEERS=DIR)
	@bench/peers/run $(BUILD)

install: build ## into DESTDIR
	@meson install -C $(BUILD) --destdir "$(DESTDIR)"

deb: build ## a Debian package, in the build folder
	@tools/deb $(BUILD)

clean: ## remove the build folders
	@rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-clang $(BUILD)-fuzz $(BUILD)-cov
