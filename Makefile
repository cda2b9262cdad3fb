# SPDX-License-Identifier: Apache-2.0
# `make help` lists the targets. What the user may set: CC, CFLAGS, CPPFLAGS, LDFLAGS, PREFIX, DESTDIR, DEPS=no, and what help says.

PREFIX ?= /usr/local
LIBEXECDIR ?= $(PREFIX)/libexec/clamav-scan
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/clamav-scan
VERSION := $(shell cat VERSION)
PKG_CONFIG ?= pkg-config
PACKAGES = json-c libcrypto libarchive
TAG ?= clamav-scan

CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla -Wformat=2 \
	-Wconversion -Wno-sign-conversion -Wundef -Wpointer-arith -Wwrite-strings -Werror
MACHINE := $(shell $(CC) -dumpmachine)
# Control-flow protection is each architecture's own.
BRANCH_x86_64 = -fcf-protection
BRANCH_i686 = -fcf-protection
BRANCH_aarch64 = -mbranch-protection=standard
HARDENING = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection \
	$(BRANCH_$(firstword $(subst -, ,$(MACHINE)))) -fPIE
HARDENING_LD = -pie -Wl,-z,relro,-z,now
SANITIZE = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# Recursively expanded: pkg-config runs only for targets that compile.
DEFINES = -std=gnu17 -D_GNU_SOURCE -Isrc -include src/banned.h \
	-DCLAMAV_SCAN_VERSION='"$(VERSION)"' -DLIBEXECDIR='"$(LIBEXECDIR)"'
COMPILE = $(CC) $(DEFINES) $(WARNINGS) $(shell $(PKG_CONFIG) --cflags $(PACKAGES)) $(CPPFLAGS) -pthread -MMD -MP
LIBS = $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -pthread

SOURCES := $(sort $(wildcard src/*.c))
UNITS := $(sort $(wildcard tests/unit/test_*.c))
OBJECTS := $(SOURCES:src/%.c=build/obj/%.o)
ASAN_OBJECTS := $(SOURCES:src/%.c=build/asan/obj/%.o)
UNIT_PROGRAMS := $(UNITS:tests/unit/%.c=build/asan/unit/%)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all asan unit-programs print-cflags demo test lint format bench install clean deps image validate-task daily tools help FORCE \
	test-lint test-unit test-integration test-image test-task

all: build/clamav-scan ## build build/clamav-scan

asan: build/asan/clamav-scan ## the same with address and undefined-behaviour sanitizers

build/clamav-scan: $(OBJECTS)
	$(CC) $(CFLAGS) $(HARDENING) $(HARDENING_LD) $(LDFLAGS) -o $@ $^ $(LIBS)

build/asan/clamav-scan: $(ASAN_OBJECTS)
	$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBS)

build/obj/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) $(CFLAGS) $(HARDENING) -c -o $@ $<

build/asan/obj/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) $(SANITIZE) -c -o $@ $<

# Each unit test is a program of its own, linked with everything but main.
build/asan/unit/%: build/asan/unit/%.o build/asan/lib/tap.o $(filter-out build/asan/obj/main.o,$(ASAN_OBJECTS))
	$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

build/asan/%.o: tests/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) $(SANITIZE) -c -o $@ $<

unit-programs: $(UNIT_PROGRAMS)

# What clang-tidy is to be told.
print-cflags:
	@echo $(DEFINES) $(shell $(PKG_CONFIG) --cflags $(PACKAGES)) $(CPPFLAGS)

# Rewritten only when something in it changed: then everything is compiled anew.
build/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(CC) $(DEFINES) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) $(HARDENING) $(SANITIZE) $(LDFLAGS)) >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
quote = '$(subst ','\'',$(1))'

-include $(OBJECTS:.o=.d) $(ASAN_OBJECTS:.o=.d) $(UNIT_PROGRAMS:=.d) build/asan/lib/tap.d

deps: ## install the packages that building, running, testing and linting need (DEPS=no: nothing)
ifneq ($(DEPS),no)
	@scripts/install-packages build run test lint
	@if [ -x scripts/build-tools ]; then INSTALL_GO=yes scripts/build-tools; fi
endif

demo: ## scan a small sample image, or IMAGE=docker://…; DATABASE=official fetches ClamAV's own database
ifneq ($(DEPS),no)
	@scripts/install-packages build run
endif
	@$(MAKE) --no-print-directory all
	@IMAGE='$(IMAGE)' DATABASE='$(DATABASE)' scripts/demo

test: deps ## lint and all tests; the last line counts them
	@tests/run lint unit integration image task

test-lint lint: ## format, static analysis, shell and documentation checks
	@tests/run lint

test-unit: ## the C modules, with sanitizers
	@tests/run unit

test-integration: ## the launcher and its scripts against a real clamd
	@tests/run integration

test-image: ## the container image
	@tests/run image

test-task: ## the Tekton task's own steps
	@tests/run task

validate-task: ## the Task and its samples through Tekton's own validation code (needs Go and its module proxy)
	cd tests/task/validate && go build -o '$(CURDIR)/build/validate-task' .
	build/validate-task task/clamav-scan*/*/*.yaml task/clamav-scan/*/samples/*.yaml

format: ## bring C and shell files into their form
	clang-format -i src/*.[ch] bench/*.c $(wildcard tests/*/*.[ch])
	scripts/files --shell | xargs -r shfmt -w -i 0 -ci

bench: ## ours beside today's flow, in one run (RUNS=3); writes build/bench/report.txt
ifneq ($(DEPS),no)
	@scripts/install-packages build run bench
endif
	@$(MAKE) --no-print-directory all
	@bench/run

image: ## build the container image TAG_base, and TAG with a database inside (BASE_IMAGE, DATABASE_URL, see scripts/build-image)
	@TAG='$(TAG)' BASE_IMAGE='$(BASE_IMAGE)' DATABASE_URL='$(DATABASE_URL)' BUILD_FLAGS='$(BUILD_FLAGS)' scripts/build-image all

daily: ## build, check and publish the image with the database of the day: DATABASE_URL=… REGISTRY=… (see scripts/daily)
	@DATABASE_URL='$(DATABASE_URL)' REGISTRY='$(REGISTRY)' BASE_IMAGE='$(BASE_IMAGE)' scripts/daily

tools: ## build the Go programs that tools/go.mod pins into tools/bin
	@scripts/build-tools

install: all ## into $(DESTDIR)$(PREFIX)
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(LIBEXECDIR)' '$(DESTDIR)$(MANDIR)/man1' '$(DESTDIR)$(DOCDIR)'
	install -m 755 build/clamav-scan '$(DESTDIR)$(PREFIX)/bin/clamav-scan'
	cd libexec && find . -type f ! -perm -u+x -exec install -D -m 644 {} '$(DESTDIR)$(LIBEXECDIR)'/{} \;
	cd libexec && find . -type f -perm -u+x -exec install -D -m 755 {} '$(DESTDIR)$(LIBEXECDIR)'/{} \;
	install -m 644 man/clamav-scan.1 '$(DESTDIR)$(MANDIR)/man1/clamav-scan.1'
	install -m 644 LICENSE README.md '$(DESTDIR)$(DOCDIR)'

clean: ## remove build/
	rm -rf build

help: ## this text
	@sed -nE 's/^([a-z][a-z -]*):[^#]*## (.*)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | sort | awk -F '\t' '{ printf "%-18s %s\n", $$1, $$2 }'
