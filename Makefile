# Two commands do everything on a fresh machine: `make drill` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help engine browser drill drills test lint unit bench bench-verdict mutants sweep

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort

engine: ## Bring a container engine, where this machine lets us
	@.ci/engine

browser: ## Bring a headless browser for the tests of the report pages
	@.ci/browser

drill: engine ## The main job: lose a datacenter, recover every tenant from the mirror
	cargo run --quiet --locked -- run scenarios/datacenter-loss.yaml

drills: engine ## Run every scenario that ships
	cargo run --quiet --locked -- run scenarios/*.yaml

test: engine browser lint ## Pass all tests: pure ones, pages in a browser, drills on the real stacks
	cargo test --locked --lib --bins
	cargo test --locked --test it -- --test-threads=1

lint: ## Format and lints, denied
	cargo fmt --check
	cargo clippy --quiet --locked --all-targets -- --deny warnings

unit: ## The tests that need neither engine nor browser
	cargo test --locked --lib

bench: engine ## Measure the drills and write a table
	benches/run

bench-verdict: ## Measure how fast a ledger of a million writes is judged, optimised, and print a table
	cargo test --release --quiet --locked --lib -- --ignored --nocapture a_million_writes_are_judged

mutants: ## Change the verdict line by line and see whether its tests notice; SHARD=0/8 takes every eighth change
	.ci/mutants $(SHARD)

sweep: ## Remove what killed runs left behind
	cargo run --quiet --locked -- sweep
