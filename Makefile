# Short names for what a user and a contributor do; CMakePresets.json and scripts/ do the work.

JOBS ?= $(shell nproc)

.PHONY: all setup build demo test check-all format format-check tidy clean

all: build

setup:
	@scripts/setup.sh

build: setup
	@[ -f build/release/build.ninja ] || cmake --preset release
	cmake --build --preset release -j $(JOBS)

demo: build
	@scripts/demo.sh

test: build
	ctest --test-dir build/release -L fast -j $(JOBS) --output-on-failure

check-all: setup
	scripts/check_all.sh

format:
	@scripts/format.sh

format-check:
	@scripts/format.sh --check

tidy: setup
	@[ -f build/dev/build.ninja ] || cmake --preset dev
	scripts/tidy.sh build/dev

clean:
	rm -rf build
