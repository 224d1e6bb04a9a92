#!/usr/bin/env bash
# Runs a script with the providers' own libraries at hand.
#   tests/model/referee.sh FOLDER SCRIPT ARGUMENT...       TAP; skipped without network
set -euo pipefail
here=$(dirname "$(realpath "$0")")
if ! python=$("$here/venv.sh" "$1" 2>"$1.log"); then
	echo "1..0 # SKIP $(tail -n1 "$1.log")"
	exit 0
fi
exec "$python" "$here/$2" "${@:3}"
