#!/usr/bin/env bash
# A real Secret Service for tests: GNOME Keyring and libsecret, those of this
# machine, else from Debian's packages, unpacked into a folder once.
#   tests/model/keyring.sh FOLDER BUILD CHAT       TAP; skipped where there is none
set -uo pipefail
here=$(dirname "$(realpath "$0")")
folder=$(realpath -m "$1") build=$(realpath "$2") chat=$(realpath "$3")
packages=(gnome-keyring libgck-1-0 libgcr-base-3-1 libsecret-1-0)

skip() {
	echo "1..0 # SKIP no Secret Service is to be had: $*"
	exit 0
}

unpack() {
	rm -rf "$folder" && mkdir -p "$folder/packages" && cd "$folder/packages" || return 1
	apt-get download "${packages[@]}" >"$folder/log" 2>&1 || return 1
	for package in *.deb; do
		dpkg -x "$package" "$folder/root" || return 1
	done
	touch "$folder/stamp"
}

command -v dbus-run-session >/dev/null || skip "dbus-run-session is not here"
if ! command -v gnome-keyring-daemon >/dev/null || ! ldconfig -p | grep -q libsecret-1.so.0; then
	[[ -f $folder/stamp ]] || (unpack) || skip "apt-get cannot download ${packages[*]}"
	PATH=$folder/root/usr/bin:$PATH
	LD_LIBRARY_PATH=$(dirname "$(find "$folder/root" -name libsecret-1.so.0 | head -n1)")
	export PATH LD_LIBRARY_PATH
fi
gnome-keyring-daemon --version >/dev/null 2>&1 || skip "gnome-keyring-daemon does not start"
exec dbus-run-session -- python3 "$here/keyring.py" "$build" "$chat"
