# The commands a newcomer and CI use. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Debug information is left out and lld links: both halve the time of a build.
export SWIFT_FLAGS := -debug-info-format none -Xswiftc -use-ld=lld

.PHONY: help run test soak test-long load bench image up demo compose-test lint build servers servers-down clean-local

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## play 200 orders through every service into a simulated Xero; ONCE=1, KEEP=1, INPUT=FOLDER, ORDERS=N
	@deploy/local/run

test: ## set up, build, lint and run every test (under 30 minutes on 2 cores)
	@deploy/local/test

test-long: ## the same tests with larger counts and longer chaos (about an hour)
	@SOAK=1 deploy/local/test

soak: test-long load ## what takes long: test-long, then load

bench: ## measure everything beside raw loops in C and print one table (about 20 minutes); ROUNDS=5, ONLY=publish,ingest
	@deploy/local/bench measure

load: ## LOAD_RATE=500 webhooks a second for LOAD_MINUTES=30 through every service, each accounted for afterwards
	@deploy/local/bench load

image: ## build the container image counterfoil:local
	@docker build -f deploy/docker/Dockerfile -t counterfoil:local .

up: ## start everything in containers, for real work (docs/operations.md)
	@deploy/docker/compose up -d

demo: ## play in containers, with simulators; KEEP=1 leaves them up
	@deploy/docker/demo

compose-test: ## stop and start each container while a play goes on; the books must tie
	@deploy/docker/verify

lint: ## the formatting and layout rules
	@deploy/local/lint

build: ## build every executable
	@deploy/local/servers install
	@swift build $(SWIFT_FLAGS)

servers: ## start the private RabbitMQ and PostgreSQL and print how to reach them
	@deploy/local/servers install
	@deploy/local/servers up

servers-down: ## stop them
	@deploy/local/servers down

clean-local: ## forget everything under .local/ (databases, logs, ports)
	@deploy/local/servers down
	@deploy/local/servers wipe
	@rm -rf .local
