#!/usr/bin/env bash
# penstock apply, for those who look for it here: scripts/apply.sh [definition] [options]
set -euo pipefail
exec node "$(dirname "$0")/../bin/penstock.cjs" apply "$@"
