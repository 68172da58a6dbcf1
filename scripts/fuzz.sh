#!/bin/sh
# fuzz.sh TIME  runs every fuzzer of the module for TIME, one after the other; stops at the first finding.
set -eu
time=${1:-5m}
for dir in $(git ls-files '*_test.go' | xargs grep -l '^func Fuzz' | xargs -n1 dirname | sort -u); do
	for name in $(grep -h '^func Fuzz' "$dir"/*_test.go | sed 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/' | sort -u); do
		echo "== ./$dir $name"
		go test "./$dir" -run '^$' -fuzz "^$name\$" -fuzztime "$time"
	done
done
