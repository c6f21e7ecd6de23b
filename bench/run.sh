#!/bin/sh
# Runs every benchmark, then checks the budgets; fails if one is broken.
# Nothing else of weight should run on the machine meanwhile.
set -eu
cd "$(dirname "$0")"

echo "== core"
go -C .. test ./core -run '^$' -bench . -benchtime 0.2s
echo "== aws"
go -C .. test ./aws -run '^$' -bench . -benchtime 0.2s
echo "== side by side with others"
go test -run '^$' -bench . -benchtime 0.2s .
echo "== budgets"
go run ./budgets
