#!/bin/sh
# Makes the voices of a machine, or of the simulator: sh hardware/voices.sh FOLDER. Run it after install.sh or setup.sh, and again after a
# change of the texts; what is there already is kept. The synthesiser (450 MB) is installed into a folder that is removed at the end.
#
#   sudo sh hardware/voices.sh /opt/kofuki/voices      a machine
#   sh hardware/voices.sh build/voices                 the simulator (`make voices`)
set -eu
[ $# -eq 1 ] || { echo "usage: voices.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
[ -x .venv/bin/python ] || { echo "The program is not installed here: run hardware/install.sh on a machine, make setup elsewhere." >&2; exit 1; }
command -v espeak-ng >/dev/null || { echo "espeak-ng is missing: apt install espeak-ng" >&2; exit 1; }

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
.venv/bin/python -m venv "$made"
"$made/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r firmware/voice/voices.lock
# The program's own libraries come after those of the synthesiser.
ours=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$PWD" "$made/bin/python" - "$ours" "$folder" <<'PYTHON'
import sys
sys.path.append(sys.argv[1])
sys.argv = ["python -m firmware.voice", "make", "--out", sys.argv[2]]
from firmware.voice.__main__ import main
raise SystemExit(main())
PYTHON
chmod -R u=rwX,go=rX "$folder"
