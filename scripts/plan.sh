#!/usr/bin/env bash
# penstock plan, for those who look for it here: scripts/plan.sh [definition] [options]
set -euo pipefail
exec node "$(dirname "$0")/../bin/penstock.cjs" plan "$@"
