# What a user runs, and an outside test. Every target may be repeated; `localstack/bootstrap` installs what is missing.
SHELL := /bin/bash
.DEFAULT_GOAL := help

python := .local/venv/bin/python
lint_python := .local/lint/bin
# As seen from localstack/, whose settings they share.
python_files := . ../handlers/release/notices
release_lambda := $(or $(CARGO_TARGET_DIR),target)/release/bootstrap
programs := $(or $(CARGO_TARGET_DIR),target)/debug
# By `-p`, each program would compile the SDKs again, with the features that it alone asks for.
program := cargo build --locked --quiet --workspace --bin

# A twentieth of the deployed ticks, so that what AWS would mend in minutes is mended in seconds.
chaos_pace := {"slowFirst":3,"slowMost":15,"quickFirst":1,"quickMost":2}
# The same for errors that RDS tells by no event, and room for all restores at once.
faults_pace := {"slowFirst":3,"slowMost":5,"quickFirst":1,"quickMost":1,"databaseDeadline":90}
faults_admission := {"overall":40,"perSource":40}
# Restores of the chaos run don't wait for each other either, however many run at once.
chaos_admission := {"overall":50,"perSource":25}
# A twentieth of the deployed ticks while an event is expected; those in gaps as deployed.
waits_pace := {"slowFirst":3,"slowMost":15}
many_admission := {"overall":20,"perSource":20}
chaos_options = $(if $(restores),--restores $(restores)) $(if $(seed),--seed $(seed)) $(if $(at_once),--at-once $(at_once))

.PHONY: help demo demonstration test e2e chaos steps faults bench bench-copy costs many up down build image debug advisories deploy destroy lint format clean bootstrap model

help:
	@echo 'make demo     break a tenant and bring it back, through all seven phases'
	@echo 'make test     unit, schema, infrastructure and end-to-end tests, and 20 restores of the chaos run'
	@echo 'make demonstration kind=SingleAz  the demonstration of infra/ in a local cloud: deployed, used, updated, deleted; or: kind=MultiAz, AuroraProvisioned, AuroraServerless'
	@echo 'make chaos    200 restores under lost events, refused calls and kills; or: make chaos restores=20 seed=7 at_once=2'
	@echo 'make steps    a restore for each call of a good one, which is refused once for good; or: make steps restores=10'
	@echo 'make faults   every error code of RDS, every status to be stuck in, a deadline'
	@echo 'make bench    latencies, what a restore uses, the release artifact, a storm of 2,000 requests'
	@echo 'make bench-copy  the copy against pg_dump and pg_restore, pgcopydb and psql; or: make bench-copy size=256 schemas=0 tables=0'
	@echo 'make costs    what a restore and an idle month cost, and what waiting adds: the tables of docs/costs.md'
	@echo 'make many     50 schemas in one request, 20 restores at once: time and memory'
	@echo 'make model    search every state of the choreography, within bounds'
	@echo 'make up       build, start and deploy to the local cloud; then: source localstack/env'
	@echo 'make down     stop the local cloud and remove its state'
	@echo 'make build    the release artifacts into dist/: Lambda for arm64, worker and its root file systems for arm64 and x86-64'
	@echo "make image    the worker's image for both, as dist/worker-image.oci.tar; or: make image to=REPOSITORY:TAG engine=docker"
	@echo 'make debug    build everything, debug profile'
	@echo 'make deploy   to AWS, after checks of what it needs: make deploy settings=FILE; infra/README.md says what the file holds'
	@echo 'make destroy  remove a deployment, unless restores are live: make destroy settings=FILE'
	@echo 'make lint     formatting, clippy, ruff, mypy, eslint, cfn-lint'
	@echo 'make advisories  known faults of the dependencies, from the databases on the internet'
	@echo 'make clean    remove what was built and installed below this folder'

bootstrap:
	@localstack/bootstrap

# RDS_CA_BUNDLE=PATH: the certificates of RDS's authorities, where AWS can't be reached.
build:
	@handlers/release/build

image:
	@handlers/release/image/publish $(or $(engine),docker) $(to)

debug: bootstrap
	cargo build --locked --workspace

up:
	@localstack/up

down:
	@localstack/down

demo: bootstrap
	@$(program) demo
	@source localstack/env && $(programs)/demo

# Not part of `make test`: it waits for the schedule's first tick, and for a deployment in the middle of the restore, some minutes.
demonstration: bootstrap
	$(program) tenant-restore-samples --bin demonstration
	localstack/with-cloud $(programs)/demonstration $(or $(kind),SingleAz)

test: bootstrap
	cargo test --locked --workspace
	cd localstack && PYTHONDONTWRITEBYTECODE=1 ../$(python) -m unittest discover -s . -t .
	cd infra && npm test
	localstack/with-cloud bash -c '$(MAKE) --no-print-directory e2e && $(MAKE) --no-print-directory chaos restores=20 && cd infra && npm run --silent rights'

# Within another with-cloud, these use its cloud.
e2e: bootstrap
	@localstack/bootstrap tests
	$(program) tenant-restore-samples
	localstack/with-cloud cargo test --locked --workspace --test e2e -- --test-threads=4

chaos: bootstrap
	$(program) chaos
	LOCAL_CLOUD_PACE='$(chaos_pace)' LOCAL_CLOUD_ADMISSION='$(chaos_admission)' localstack/with-cloud $(programs)/chaos $(chaos_options)

steps: bootstrap
	$(program) chaos
	LOCAL_CLOUD_PACE='$(chaos_pace)' localstack/with-cloud $(programs)/chaos steps $(chaos_options)

faults: bootstrap
	$(program) faults
	LOCAL_CLOUD_PACE='$(faults_pace)' LOCAL_CLOUD_ADMISSION='$(faults_admission)' localstack/with-cloud $(programs)/faults

bench: bootstrap
	$(program) bench
	cargo build --locked --release -p tenant-restore-lambda
	LOCAL_CLOUD_LAMBDA=$(release_lambda) localstack/with-cloud $(programs)/bench

# Against Debian's pgcopydb, which only this needs.
bench-copy: bootstrap
	@command -v pgcopydb > /dev/null || { echo 'bench-copy needs pgcopydb: apt-get install pgcopydb' >&2; exit 1; }
	cargo build --locked --release -p tenant-restore-worker
	WORKER=$(abspath $(or $(CARGO_TARGET_DIR),target))/release/tenant-restore-worker \
		cargo bench --quiet --locked --profile dev -p tenant-restore-worker --bench copy -- $(if $(size),size=$(size)) $(if $(schemas),schemas=$(schemas)) $(if $(tables),tables=$(tables))

# Ten minutes and ten hours, and the ticks that come meanwhile at the deployed pace.
costs: bootstrap
	$(program) costs
	localstack/with-cloud $(programs)/costs
	LOCAL_CLOUD_PACE='$(waits_pace)' localstack/with-cloud $(programs)/costs waits \
		$$(cargo run --quiet --locked -p tenant-restore-core --example ticks -- 600 36000)

# Room for all restores at once.
many: bootstrap
	$(program) bench
	LOCAL_CLOUD_ADMISSION='$(many_admission)' localstack/with-cloud $(programs)/bench schemas
	LOCAL_CLOUD_ADMISSION='$(many_admission)' localstack/with-cloud $(programs)/bench restores

model:
	cargo run --quiet --locked --release -p tenant-restore-model

# These need Node.js and the AWS CLI alone, not what the local cloud does. Not by tsx's own command, which kills a program
# that hasn't answered a signal in 60 ms: a removal that is broken off wakes intake first.
deploy destroy: infra/node_modules/.installed
	@SETTINGS='$(if $(settings),$(abspath $(settings)))' APPROVAL='$(approval)' CONFIRM='$(confirm)' node --import ./infra/node_modules/tsx/dist/loader.mjs infra/deployment/$@.ts

infra/node_modules/.installed: infra/package-lock.json
	cd infra && npm ci --silent --no-audit --no-fund
	cp $< $@

# Not part of the tests: its verdict changes by itself, and it needs the databases of advisories on the internet.
advisories:
	@command -v cargo-deny > /dev/null || { echo 'advisories needs cargo-deny: cargo install --locked cargo-deny' >&2; exit 1; }
	cargo deny check advisories
	cd infra && npm audit

lint: bootstrap $(lint_python)/ruff
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --workspace --test e2e -- -D warnings
	cd localstack && ../$(lint_python)/ruff format --config pyproject.toml --check $(python_files) && ../$(lint_python)/ruff check --config pyproject.toml $(python_files)
	cd localstack && ../$(lint_python)/mypy launcher control && ../$(lint_python)/mypy ../handlers/release/notices
	cd infra && npm run check && npm run lint
	cd infra && npm run --silent templates && ../$(lint_python)/cfn-lint 'cdk.out/variants/*.template.json'

format: bootstrap $(lint_python)/ruff
	cargo fmt --all
	cd localstack && ../$(lint_python)/ruff check --config pyproject.toml --fix $(python_files) && ../$(lint_python)/ruff format --config pyproject.toml $(python_files)
	cd infra && npm run format

$(lint_python)/ruff: localstack/requirements-lint.txt
	python3 -m venv .local/lint
	$(lint_python)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

clean: down
	cargo clean
	rm -rf .local infra/node_modules infra/cdk.out dist
