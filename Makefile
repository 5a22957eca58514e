# The two commands of the README, and their parts.

# Continuous integration starts from a fresh clone. So earlier compilations are kept in the cache directory. State for
# incremental compilation would only fill the disk, since each clone is compiled once.
ifeq ($(CI),true)
export CARGO_INCREMENTAL = 0
export CARGO_TARGET_DIR ?= $(or $(NBCOURIER_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/nbcourier)/target
endif

.PHONY: run test test-all check build tools unit postgres s3 replicas clients plugin schemathesis deploy deb deb-test fuzz wheel bench bench-university torture clean

run: ## Build, start the exchange stand-alone, and print example commands
	@scripts/run.sh

# Of the suites, `unit` computes most and `clients` waits most, for hubs and browsers. So these two begin. Each suite runs
# even if another one fails.
test: check ## Run the tests; installs the tools they need
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target build tools
	scripts/suites.sh unit clients postgres plugin s3 replicas schemathesis deploy

test-all: export NBCOURIER_TEST_ALL = 1
test-all: test ## Run the tests, all browser tests with the older hub too, more with PostgreSQL and an object store, and the Debian packages
	scripts/test-places.sh
	scripts/test-deb.sh --quiet

check: ## Check formatting, lints, and the licences of the crates
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
	scripts/setup-postgres.sh
	scripts/setup-s3.sh
	scripts/setup-clients.sh
	scripts/setup-checks.sh schemathesis
	scripts/setup-deploy.sh

unit: ## Run the Rust tests: units, protocol replay, permission matrix, malformed input, faults
	scripts/setup-faults.sh
	scripts/setup-postgres.sh
	scripts/setup-s3.sh
	scripts/in-memory.sh cargo test --workspace --no-fail-fast

postgres: ## Run the Rust tests that are the same for every database on PostgreSQL
	scripts/test-postgres.sh

s3: ## Run Rust tests with an object store, on SQLite and on PostgreSQL
	scripts/test-s3.sh

replicas: ## Run Rust tests with three servers behind a proxy, on PostgreSQL and an object store
	scripts/test-replicas.sh

clients: ## Test the binary with the real nbgrader, ngshare's client, JupyterHub and a browser
	cargo build
	scripts/test-clients.sh

plugin: ## Test the binary with the real nbgrader and the plugin
	cargo build
	scripts/test-plugin.sh

schemathesis: ## Send requests made from the OpenAPI document, as every kind of caller
	cargo build
	scripts/test-schemathesis.sh --quiet

deploy: ## Render the Helm chart, build the image, and run the rendered pod
	cargo build
	scripts/test-deploy.sh --quiet
	scripts/test-deb.sh --names --quiet

deb: ## Build the Debian packages nbcourier and nbcourier-hub into target/debian
	scripts/in-memory.sh scripts/deb.sh

deb-test: ## Install the Debian packages in a Debian inside this machine, and run the hub there
	cargo build
	scripts/test-deb.sh --quiet

# Approximate time for each half of the long run. In a minute, each address gets about thirty requests.
SECONDS ?= 300
fuzz: ## Fuzz every decoder and every address for SECONDS=300 each; failing inputs are kept in tests/corpus
	NBCOURIER_FUZZ_SECONDS=$(SECONDS) cargo test --workspace --test fuzz -- --nocapture
	cargo build
	NBCOURIER_FUZZ_EXAMPLES=$$(( $(SECONDS) / 4 + 1 )) scripts/test-schemathesis.sh --quiet --capture=no

wheel: ## Build the wheel of `pip install nbcourier`; the tests install it in empty environments
	scripts/wheel.sh

torture: ## Run tests/faults in the long form (about half an hour), and print the table of docs/reliability.md
	scripts/setup-faults.sh
	scripts/torture.sh

bench: ## Measure the table of docs/performance.md, together with ngshare
	scripts/bench.sh

bench-university: ## Measure the cost of requests with 100,000 students, on both databases and with several servers
	scripts/bench-university.sh

clean:
	cargo clean
