#!/usr/bin/env bash
# Puts the records of a file into a deployed Kinesis stream: scripts/put-records-kinesis-stream.sh <stream|table> [file] [options of penstock put]
set -euo pipefail
exec node "$(dirname "$0")/../bin/penstock.cjs" put --aws "$@"
