# The two commands of the README, and their parts.

# Continuous integration starts from a fresh clone. So earlier compilations are kept in the cache directory.
ifeq ($(CI),true)
export CARGO_TARGET_DIR ?= $(or $(NBCOURIER_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/nbcourier)/target
endif

.PHONY: run test check build tools unit clients plugin schemathesis fuzz wheel bench torture clean

run: ## Build, start the exchange stand-alone, and say what to try
	@scripts/run.sh

test: check ## Everything; installs what it needs
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target build tools
	$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target unit plugin clients schemathesis

check: ## Formatting, lints, and the crates it is made of
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	scripts/deny.sh

# Built first, since a suite would otherwise wait for the compiler while another one runs.
build:
	cargo build
	cargo test --workspace --no-run --quiet

# Installed first too: several suites need these tools, and the compiler runs meanwhile.
tools:
	scripts/setup-faults.sh
	scripts/setup-clients.sh
	scripts/setup-checks.sh schemathesis

unit: ## The Rust tests: units, protocol replay, permission matrix, malformed input, faults
	scripts/setup-faults.sh
	cargo test --workspace --no-fail-fast

clients: ## The real nbgrader, client, JupyterHub and browser against the binary
	cargo build
	scripts/test-clients.sh

plugin: ## The real nbgrader with our own plugin against the binary
	cargo build
	scripts/test-plugin.sh

schemathesis: ## Requests made from the OpenAPI document, by everybody
	cargo build
	scripts/test-schemathesis.sh --quiet

# Approximate time for each half of the long run. In a minute, each address gets about thirty requests.
SECONDS ?= 300
fuzz: ## Every decoder and every address, with inputs made up for SECONDS=300 each; what is found is kept in tests/corpus
	NBCOURIER_FUZZ_SECONDS=$(SECONDS) cargo test --test fuzz --test attacks -- --nocapture
	cargo build
	NBCOURIER_FUZZ_EXAMPLES=$$(( $(SECONDS) / 4 + 1 )) scripts/test-schemathesis.sh --quiet --capture=no

wheel: ## Build what `pip install nbcourier` installs; the tests try it in empty environments
	scripts/wheel.sh

torture: ## The faults of tests/faults in their long form (about a quarter of an hour), and the table of docs/reliability.md
	scripts/setup-faults.sh
	scripts/torture.sh

bench: ## The table of docs/performance.md, beside ngshare in the same run
	scripts/bench.sh

clean:
	cargo clean
