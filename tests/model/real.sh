#!/usr/bin/env bash
# `make check-llm`: a real, independent model server, llama.cpp's, with a model
# that the test makes.  Building the server takes a quarter of an hour, once: it
# is kept in ${XDG_CACHE_HOME:-~/.cache}/seal-check-llm.
#   tests/model/real.sh BUILD        TAP
set -euo pipefail
here=$(dirname "$(realpath "$0")")
build=$(realpath "${1:-build}")
folder=${XDG_CACHE_HOME:-$HOME/.cache}/seal-check-llm
wanted=$(sha256sum "$here/requirements-real.txt" | cut -d' ' -f1)
export PIP_DISABLE_PIP_VERSION_CHECK=1

if [[ ! -f $folder/stamp || $(<"$folder/stamp") != "$wanted" ]]; then
	echo "# building llama.cpp's server into $folder: about a quarter of an hour" >&2
	rm -rf "$folder"
	mkdir -p "$folder"
	python3 -m venv "$folder"
	"$folder/bin/pip" -q install --require-hashes -r "$here/requirements-real.txt" >&2
	"$folder/bin/python3" "$here/tiny_model.py" "$folder/tiny.gguf" >&2
	echo "$wanted" >"$folder/stamp"
fi
exec "$folder/bin/python3" "$here/real.py" "$build" "$folder/tiny.gguf"
