# `make` alone lists the targets. PROFILE=full runs the lecture's 50 epochs, quick a few.
PYTHON ?= python3
# GPU=1 adds TensorFlow's CUDA libraries, in an environment of their own: the other one stays locked.
VENV ?= $(if $(GPU),.venv-cuda,.venv)
BIN := $(VENV)/bin
LOCKED := $(VENV)/.locked
READY := $(VENV)/.ready
RIVALS := .venv-torch
GPU_VENV := .venv-gpu
NBGRADER := .venv-nbgrader
NODE_READY := site/node_modules/.ready

PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
# JOBS=2 executes two chapters side by side; ALL=1 executes what is not stale, too.
HOW := --jobs $(or $(JOBS),1) $(if $(ALL),--all)

# What makes and runs the grader's image.
ENGINE ?= $(shell command -v docker || command -v podman)

# How many processes share the tests.
WORKERS ?= 2

# With GPU=1 the tests insist on finding a GPU. One process takes all of a GPU's memory, so they run
# one after another.
ifdef GPU
export AE_EXPECT_GPU := 1
WORKERS := 0
endif

SHARED := --dist loadfile --no-loadscope-reorder --max-worker-restart 0 -n $(WORKERS)

.DEFAULT_GOAL := help
.PHONY: help book test test-chapters test-jax test-torch test-oldest test-newest site mnist serve pdf slides web-audit chapters \
    experiments robustness bench gpu check sync format overview demo explorer prior strokes \
    screenshot lint setup-ci bench-demo bench-grade image test-image publish-image lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' Makefile

book: PROFILE ?= quick
book: $(READY) ## execute every chapter (PROFILE=quick or full) and render what was executed
	@$(BIN)/python -m tools.book build --profile $(PROFILE) $(HOW) $(CHAPTERS)

test: $(READY) $(NODE_READY) lint ## check everything: style, unit tests, every chapter against its stored outputs, the pages
	@site=$$(mktemp -d) && trap 'rm -rf "$$site"' EXIT && export AE_TEST_SITE="$$site" && \
	$(BIN)/python -m pytest -m alone tests grader/tests && \
	$(BIN)/python -m pytest -m "not alone" $(SHARED)

test-chapters: $(READY) ## every chapter against its stored outputs, and no other test
	@$(BIN)/python -m pytest $(SHARED) chapters

test-jax: $(READY) ## the unit tests and every chapter with Keras on JAX
	@KERAS_BACKEND=jax $(BIN)/python -m pytest $(SHARED) chapters tests/ae_lib

test-torch: $(RIVALS)/.ready ## every chapter with Keras on PyTorch, and weights carried over to it
	@AE_TORCH_PYTHON=$(abspath $(RIVALS))/bin/python KERAS_BACKEND=torch \
	    $(RIVALS)/bin/python -m pytest $(SHARED) chapters tests/ae_lib/test_backends.py

test-oldest: ## unit tests and every chapter with the oldest versions that requirements.txt promises
	$(call test_with,.venv-oldest,lowest-direct)

test-newest: ## the same with the newest versions there are
	$(call test_with,.venv-newest,highest)

site: $(READY) ## render the committed, fully trained notebooks as they are (SOLUTIONS=1: with solutions)
ifdef SOLUTIONS
	@$(BIN)/python -m tools.sheets site
else
	@$(BIN)/python -m tools.book site
endif

mnist: $(READY) ## download MNIST, and verify it, for the demos of `make site`
	@AE_DATASET=mnist $(BIN)/python -c "from ae_lib import load_mnist; print(load_mnist())"

serve: site ## show the site on http://localhost:8000
	@$(BIN)/python -m http.server 8000 --bind localhost --directory _build/html

pdf: $(READY) $(NODE_READY) ## print the whole book as one PDF (needs chromium)
	@$(BIN)/python -m tools.pdf

slides: $(READY) $(if $(PDF),$(NODE_READY)) ## make slides from the chapters, into _build/slides (PDF=1 prints them, too: needs chromium)
	@$(BIN)/python -m tools.slides $(if $(PDF),--pdf) $(CHAPTERS)

web-audit: $(READY) $(NODE_READY) site ## rate pages of every type with Lighthouse, median of 3 (needs chromium)
	@$(BIN)/node tests/web/lighthouse.mjs _build/html

chapters: PROFILE ?= full
chapters: $(READY) ## execute the chapters and store outputs and weights (PROFILE=quick or MEASURE=1: only the time)
	@$(BIN)/python -m tools.book run --profile $(PROFILE) $(if $(MEASURE),--measure) $(HOW) $(CHAPTERS)

experiments: $(READY) ## train what the chapters cite from many seeds (hours; goes on where it was stopped)
	@$(BIN)/python -m tools.experiments $(EXPERIMENTS)

robustness: $(READY) ## execute every chapter over seeds, data sets and threads; SEEDS=10 (hours; goes on where it was stopped)
	@$(BIN)/python -m tools.robustness --seeds $(or $(SEEDS),10) --jobs $(or $(JOBS),1) $(CHAPTERS)

bench: $(READY) $(RIVALS)/.ready ## time the course beside the lecture's code and PyTorch (half an hour)
	@$(BIN)/python -m tools.bench $(SECTIONS) --rivals $(abspath $(RIVALS))/bin/python

bench-demo: $(READY) $(NODE_READY) ## time training in the page beside TensorFlow.js, and end where Keras does (needs chromium)
	@$(BIN)/python -m tools.bench_demo

gpu: $(GPU_VENV)/.ready ## train the networks and execute the chapters on this machine's NVIDIA GPU, with JAX
	@KERAS_BACKEND=jax $(GPU_VENV)/bin/python -m tools.gpu

check: $(READY) ## say which notebooks differ from their text, and which outputs are stale
	@$(BIN)/python -m tools.book check

sync: $(READY) ## bring the notebooks in line with their text; outputs of unchanged code stay
	@$(BIN)/python -m tools.book sync
	@$(BIN)/python -m tools.sheets sync

format: $(READY) ## let ruff put code in order, in the chapters' text, too
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/python -m tools.book format
	@$(MAKE) --no-print-directory sync

overview: $(READY) ## draw the picture of the landing page from the stored weights
	@$(BIN)/python -m tools.overview

demo: $(READY) ## write what "Draw a digit" and the live figures of the chapters load
	@$(BIN)/python -m tools.export_demo

explorer: $(READY) ## compute the maps of chapter 3's explorer and the runs of its live figure (ten minutes)
	@$(BIN)/python -m tools.export_explorer
	@$(BIN)/python -m tools.export_runs

prior: $(READY) ## write the network of the live map of codes (minutes after `make chapters`, else a training)
	@$(BIN)/python -m tools.export_prior

strokes: $(READY) ## write the features of the live figure of sparse codes (minutes after `make chapters`)
	@$(BIN)/python -m tools.export_strokes

screenshot: $(READY) $(NODE_READY) site ## take the README's picture of the site (needs chromium)
	@$(BIN)/node tests/web/screenshot.mjs _build/html site/_static/screenshot.png
	@$(BIN)/python -m tools.pictures site/_static/screenshot.png

lint: $(READY) ## ruff, mypy, codespell: the same in CI and before each commit
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/codespell

bench-grade: $(READY) $(NBGRADER)/.ready ## measure the grader beside `otter run` and nbgrader (SECTIONS="numpy keras memory class")
	@$(BIN)/python -m tools.bench_grade $(SECTIONS) --nbgrader $(NBGRADER)/bin/python

image: ## make the grader's container image with docker or podman, as ae-grade (ENGINE names one)
	@$(or $(ENGINE),$(error There is neither docker nor podman)) build --tag ae-grade \
	    --file grader/Containerfile $(BUILD) .

test-image: $(READY) ## grade hostile submissions in that image, as the guide for instructors says
	@AE_TEST_IMAGE=$(notdir $(ENGINE)) $(BIN)/python -m pytest grader/tests/test_image.py

publish-image: ## push it to the registry of the repository on GitHub that _config.yml names; the workflow's
	@place=$$(sed -n 's,^  url: "https://github.com/\([^"]*\)".*,\1,p' _config.yml | tr A-Z a-z); \
	if [ -z "$$place" ]; then echo "_config.yml has no address on GitHub: nothing is published."; exit; fi; \
	image=ghcr.io/$$place/ae-grade:$$(uname -m); \
	printenv REGISTRY_TOKEN | $(ENGINE) login ghcr.io --username token --password-stdin; \
	$(ENGINE) tag ae-grade $$image && $(ENGINE) push $$image

setup-ci: ## install what the tests need besides Python packages (Debian and Ubuntu, with sudo)
	@.ci/setup

# The grader's own is a part of the other, for its image.
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --upgrade \
    --custom-compile-command "make lock"
lock: ## make .ci/requirements.lock and grader/requirements.lock anew (needs uv)
	$(LOCK) requirements.txt --output-file .ci/requirements.lock
	echo hatchling | $(LOCK) --all-extras --no-annotate --constraint .ci/requirements.lock \
	    --no-emit-package ae-lib pyproject.toml grader/pyproject.toml - \
	    --output-file grader/requirements.lock

clean: ## remove what was built; the virtual environment stays
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The tools that check the pages; the build itself fetches only KaTeX.
$(NODE_READY): $(READY) site/package-lock.json
	@PATH="$(abspath $(BIN)):$$PATH" $(abspath $(BIN))/npm --prefix site ci --loglevel=error
	@touch $(NODE_READY)

# The locked packages with PyTorch and openTSNE, for comparison only. From the plain index PyTorch
# brings several GB for GPUs; TORCH names another build or version, as pip writes it.
$(RIVALS)/.ready: .ci/requirements.lock
	@$(PYTHON) tools/python_range.py
	@echo "Installing the locked packages, PyTorch and openTSNE into $(RIVALS)"
	@$(PYTHON) -m venv --clear $(RIVALS)
	@$(RIVALS)/bin/python $(PIP_INSTALL) --require-hashes -r .ci/requirements.lock
	@$(RIVALS)/bin/python $(PIP_INSTALL) $(or $(TORCH),torch) 'openTSNE>=1.0'
	@$(RIVALS)/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

# The locked packages with JAX for NVIDIA GPUs. Apart, since its libraries take gigabytes and would
# stay in an environment that is said to be the locked one.
$(GPU_VENV)/.ready: .ci/requirements.lock
	@command -v nvidia-smi >/dev/null || { echo "This machine has no NVIDIA GPU."; exit 1; }
	@$(PYTHON) tools/python_range.py
	@echo "Installing the locked packages and JAX for GPUs into $(GPU_VENV)"
	@$(PYTHON) -m venv --clear $(GPU_VENV)
	@$(GPU_VENV)/bin/python $(PIP_INSTALL) --require-hashes -r .ci/requirements.lock
	@$(GPU_VENV)/bin/python $(PIP_INSTALL) \
	    "jax[cuda12]==$$($(GPU_VENV)/bin/python -c 'import jax; print(jax.__version__)')"
	@$(GPU_VENV)/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

# nbgrader, for comparison only.
$(NBGRADER)/.ready: requirements.txt
	@echo "Installing nbgrader into $(NBGRADER)"
	@$(PYTHON) -m venv --clear $(NBGRADER)
	@$(NBGRADER)/bin/python $(PIP_INSTALL) nbgrader .
	@touch $@

# An environment of its own with other versions than the locked ones, and the tests in it.
define test_with
	@$(PYTHON) tools/python_range.py
	@$(PYTHON) -m venv --clear $(1)
	@$(1)/bin/python $(PIP_INSTALL) uv
	@$(1)/bin/uv pip install --quiet --python $(1)/bin/python --resolution $(2) -r requirements.txt
	@$(1)/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@$(1)/bin/python -m pytest $(SHARED) chapters tests/ae_lib
endef

# Made again when the lock changes, and only then: it takes minutes.
$(LOCKED): .ci/requirements.lock
	@$(PYTHON) tools/python_range.py
	@$(PYTHON) -c 'import ensurepip' || \
	    { echo "$(PYTHON) cannot make virtual environments. On Debian: apt install python3-venv"; exit 1; }
	@echo "Installing the locked packages into $(VENV) (two to four minutes)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python $(PIP_INSTALL) --require-hashes -r .ci/requirements.lock
ifdef GPU
	@$(BIN)/python $(PIP_INSTALL) --constraint .ci/requirements.lock 'tensorflow[and-cuda]'
endif
	@touch $@

# The course's own packages, which takes seconds.
$(READY): $(LOCKED) pyproject.toml grader/pyproject.toml
	@$(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation -e . -e grader
	@touch $@
