#!/usr/bin/env bash
# The providers' own libraries as referees of server.py and of our client.
#   tests/model/referee.sh FOLDER CHAT CAPTURE       TAP; skipped without network
set -euo pipefail
here=$(dirname "$(realpath "$0")")
if ! python=$("$here/venv.sh" "$1" 2>"$1.log"); then
	echo "1..0 # SKIP $(tail -n1 "$1.log")"
	exit 0
fi
exec "$python" "$here/referee.py" "$2" "$3" "$1/captures"
