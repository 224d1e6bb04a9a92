#!/usr/bin/env bash
# AgentDojo with the gate around its tools; the benchmark is put into a folder of
# the build.   tests/injection/agentdojo.sh BUILD RESULT.json
# A skipped test, with the reason, when it cannot be had.
set -uo pipefail
here=$(dirname "$(realpath "$0")")
build=$(realpath "$1")
venv=$build/agentdojo

skip() {
	echo "1..1"
	echo "ok 1 - agentdojo # SKIP $*"
	exit 0
}

if ! cmp -s "$here/agentdojo.txt" "$venv/agentdojo.txt"; then
	rm -rf "$venv"
	python3 -m venv "$venv" >&2 || skip "python3 -m venv fails"
	PIP_DISABLE_PIP_VERSION_CHECK=1 "$venv/bin/pip" -q install -r "$here/agentdojo.txt" >&2 || skip "pip cannot install agentdojo"
	cp "$here/agentdojo.txt" "$venv/"
fi
exec "$venv/bin/python3" -B "$here/dojo.py" "$build" "$2"
