# Each target is one thin line into the tools; `make course` is the whole job.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1

.PHONY: course env book pdf links screenshot serve test lint bench clean

course: env  ## build the book, release the assignments, grade the demonstration class
	@$(BIN)/python -m tools.course

env:  ## make .venv from constraints.txt
	@$(PYTHON) -m tools.environment

book: env  ## build the book strictly
	@$(BIN)/python -m tools.book

pdf: env  ## print the book into one PDF; needs Chromium
	@$(BIN)/python -m tools.pdf

links: env  ## ask every address outside the book whether it answers; needs the network
	@$(BIN)/python -m tools.links

screenshot: env  ## take the README's picture of the book anew; needs Chromium
	@$(BIN)/python -m tools.screenshot

serve: env  ## open the built book on localhost
	@$(BIN)/python -m tools.serve --port $(PORT)

test: env  ## run all tests; ARGS="-k conv2d" narrows them
	@$(BIN)/python -m pytest $(ARGS)

lint: env  ## check style, types and workflows
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/python -m tools.actionlint

bench: env  ## compare the NumPy layers with PyTorch on this machine; ARGS="--both-blas" with both BLAS kernels
	@$(BIN)/python -m benchmarks.layers $(ARGS)

clean:  ## remove everything that was built, but not .venv
	@rm -rf build book/_build demonstration runs .jupyter_cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
