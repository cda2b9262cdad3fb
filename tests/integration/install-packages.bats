#!/usr/bin/env bats
# scripts/install-packages, with package managers that only note how they were called.

setup() {
	# Not under bats' own folder, which only its owner may enter.
	folder=$(mktemp -d)
	chmod 755 "$folder"
	mkdir "$folder/bin" "$folder/scripts" "$folder/packages"
	cp "$BATS_TEST_DIRNAME/../../scripts/install-packages" "$folder/scripts/"
	cp -r "$BATS_TEST_DIRNAME/../../packages" "$folder/"
	calls=$folder/calls
	: >"$calls"
	chmod 666 "$calls"
	chmod -R a+rX "$folder"
	export OS_RELEASE=$folder/os-release
	PATH=$folder/bin:$PATH
}

teardown() {
	rm -rf "$folder"
}

# Every call of these is noted, and succeeds.
fake() {
	local name
	for name; do
		printf '#!/bin/sh\necho "%s $*" >>"%s"\n' "$name" "$calls" >"$folder/bin/$name"
		chmod 755 "$folder/bin/$name"
	done
}

# The package database: everything but the names given is installed.
only_missing() {
	printf '%s\n' "$@" >"$folder/missing"
	cat >"$folder/bin/dpkg-query" <<-END
		#!/bin/sh
		for name; do :; done
		grep -qxF "\$name" "$folder/missing" && exit 1
		echo installed
	END
	cat >"$folder/bin/rpm" <<-END
		#!/bin/sh
		echo "rpm \$*" >>"$calls"
		for name; do :; done
		[ "\$1" != -q ] || ! grep -qxF "\$name" "$folder/missing"
	END
	chmod 755 "$folder/bin/dpkg-query" "$folder/bin/rpm"
}

debian() {
	printf 'ID=%s\nID_LIKE=debian\nVERSION_ID="12"\n' "${1:-debian}" >"$OS_RELEASE"
	fake apt-get
}

ubi() {
	printf 'ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9.5"\n' >"$OS_RELEASE"
	fake dnf
}

as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

@test "nothing is called when nothing is missing" {
	debian
	only_missing none
	run "$folder/scripts/install-packages" build run
	[[ $status == 0 && $output == "" ]]
	[[ ! -s $calls ]]
}

@test "what is missing is named, and it alone is installed after an update" {
	debian
	only_missing jq umoci
	run "$folder/scripts/install-packages" build run
	[[ $status == 0 ]]
	[[ $output == *"installing for build run (debian12): jq umoci" ]]
	[[ $(sed -n 1p "$calls") == "apt-get -qq update" ]]
	[[ $(sed -n 2p "$calls") == *"--no-install-recommends"*" -- jq umoci" ]]
}

@test "a derivative of Debian uses Debian's lists" {
	debian ubuntu
	only_missing jq
	run "$folder/scripts/install-packages" --missing run
	[[ $status == 0 && $output == jq ]]
	[[ ! -s $calls ]]
}

@test "a failed installation is a failure" {
	debian
	only_missing jq
	# shellcheck disable=SC2016 # for the script that is written
	printf '#!/bin/sh\n[ "$2" != install ]\n' >"$folder/bin/apt-get"
	run "$folder/scripts/install-packages" run
	[[ $status != 0 ]]
}

@test "with RHEL, EPEL is added by rpm and the rest installed without weak dependencies" {
	ubi
	only_missing epel-release umoci
	run "$folder/scripts/install-packages" run
	[[ $status == 0 ]]
	grep -q '^rpm --import .*EPEL' "$calls"
	grep -q '^rpm -i .*epel-release' "$calls"
	grep -q '^dnf install -y --nodocs --setopt=install_weak_deps=0 .*umoci$' "$calls"
}

@test "a user with sudo installs through it" {
	debian
	only_missing jq
	printf '#!/bin/sh\necho "sudo $*" >>"%s"\n' "$calls" >"$folder/bin/sudo"
	chmod 755 "$folder/bin/sudo"
	run as_nobody "$folder/scripts/install-packages" run
	[[ $status == 0 ]]
	grep -q '^sudo .*apt-get .*install .* jq$' "$calls"
}

@test "a user without sudo is told what needs root" {
	debian
	only_missing jq
	ln -s "$(command -v bash)" "$(command -v env)" "$(command -v dirname)" "$(command -v sed)" "$(command -v sort)" \
		"$(command -v setpriv)" "$(command -v grep)" "$folder/bin/"
	PATH=$folder/bin run as_nobody "$folder/scripts/install-packages" run
	[[ $status == 1 ]]
	[[ $output == *"root or sudo is needed for:"* ]]
}

@test "an unknown distribution is named, with what to do" {
	printf 'ID=plan9\n' >"$OS_RELEASE"
	run "$folder/scripts/install-packages" run
	[[ $status == 1 ]]
	[[ $output == *"plan9"*"DEPS=no"* ]]
}

@test "an unknown group is named" {
	debian
	run "$folder/scripts/install-packages" nonsense
	[[ $status == 1 ]]
	[[ $output == *"packages/debian12/nonsense"* ]]
}

@test "every distribution has the same groups" {
	[[ $(ls "$folder/packages/debian12") == $(ls "$folder/packages/ubi9") ]]
}
