#!/usr/bin/env bash
# Makes the folder of the referees once: the providers' own Python libraries,
# pinned by hash, and the event captures of their source packages.
#   tests/model/venv.sh FOLDER        prints the interpreter's path
# Exit 77, with the reason, when it cannot be made (no network, no venv).
set -euo pipefail
here=$(dirname "$(realpath "$0")")
folder=$1
stamp=$folder/stamp
wanted=$(sha256sum "$here/requirements.txt" | cut -d' ' -f1)
export PIP_DISABLE_PIP_VERSION_CHECK=1

skip() {
	echo "the providers' libraries are not to be had: $*" >&2
	exit 77
}

make() {
	rm -rf "$folder"
	python3 -m venv "$folder" >&2 || skip "python3 -m venv fails"
	"$folder/bin/pip" -q install --require-hashes -r "$here/requirements.txt" >&2 || skip "pip cannot install them"
	# The source packages are checked against the same hashes.
	for name in anthropic openai; do
		grep -A3 "^$name==" "$here/requirements.txt" | sed '/--hash.*[^\\]$/q' >"$folder/source.txt"
		"$folder/bin/pip" -q download --no-deps --no-binary $name --require-hashes \
			-r "$folder/source.txt" -d "$folder" >&2 || skip "pip cannot download the source package of $name"
	done
	mkdir -p "$folder/captures/openai"
	tar -xzf "$folder"/anthropic-*.tar.gz -C "$folder/captures" --strip-components=5 --wildcards \
		'*/tests/lib/streaming/fixtures/*.txt'
	tar -xzf "$folder"/openai-*.tar.gz -C "$folder/captures/openai" --strip-components=2 --wildcards \
		'*/tests/test_*.py'
}

# Two tests share the folder.
exec 9>"$folder.lock"
flock 9
if [[ ! -f $stamp || $(<"$stamp") != "$wanted" ]]; then
	make
	echo "$wanted" >"$stamp"
fi
echo "$folder/bin/python3"
