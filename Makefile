# make report       the demo company, two months, from nothing to a page
# make test         everything that must hold before a change lands
# make pictures     the README's pictures of the page, from the demo's last month
# make reference    docs/reference, from what the code says of itself
# make bench        reports/benchmarks.md: how fast beside named peers, on this machine; fails where an answer differs
# make simulations  how right: models, policy and checks against the truth of simulated companies; hours

PYTHON ?= python3
BIN := .venv/bin
AXE := tests/node_modules/.installed
export OMP_NUM_THREADS := 1

.PHONY: report test pictures reference bench simulations clean

report: .venv/ready
	$(BIN)/tierkit demo .

test: .venv/ready $(AXE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --numprocesses=logical --maxprocesses=4 --dist=loadfile --nbval-lax --nbval-current-env --nbval-cell-timeout=300 tests tierkit notebooks

pictures: report
	$(BIN)/python -m tests.reporting.pictures reports/2026-10/index.html docs

reference: .venv/ready
	$(BIN)/python -m tests.docs.reference docs/reference

bench: .venv/ready
	$(BIN)/python -m tests.benchmarks

simulations: .venv/ready
	$(BIN)/python -m tests.benchmarks.simulations --seeds 20

clean:
	rm -rf .venv tests/node_modules reports/.draft reports/20*

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "tierkit needs Python 3.11 or later; name one with: make PYTHON=python3.12"; exit 2; }
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" .venv && \
		uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable ".[dev]"; \
	else \
		$(PYTHON) -m venv .venv && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"; \
	fi
	@touch $@

# axe-core, which looks for what a screen reader would miss; where npm is missing, its tests say so and are skipped.
$(AXE): tests/package.json
	@if command -v npm >/dev/null 2>&1; then \
		npm install --prefix tests --ignore-scripts --no-package-lock --no-audit --no-fund --silent && touch $@; \
	else \
		echo "npm is missing: the page is not tested with axe-core"; \
	fi
