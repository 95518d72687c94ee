#!/usr/bin/env bash
# penstock destroy, for those who look for it here: scripts/destroy.sh [definition] [options]
set -euo pipefail
exec node "$(dirname "$0")/../bin/penstock.cjs" destroy "$@"
