#!/usr/bin/env bash
# Builds the handler that the Functions host starts. See --help.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

help() {
	cat <<'HELP'
build.sh builds the program "handler" beside this file, for Azure's machines:
Linux on amd64, static, stripped.

usage: build.sh [FLAG…]

  --worker           build the worker in the folder worker beside this file instead
  --package=PACKAGE  the main package, seen from the current folder; labelhook's
                     own (azure/function or azure/worker) unless given
  --out=DIR          where the handler, host.json and labelbox/function.json (or
                     worker/function.json) go (the folder that has the latter two)
  --zip=FILE         also pack the three for those who publish without func
  --dry-run          print the commands, run nothing
  --help             print this
HELP
}

fail() {
	echo "build.sh: error: $1" >&2
	echo "build.sh: hint: $2" >&2
	exit "${3:-1}"
}

package='' out='' zip='' run='' function=labelbox program=./azure/function
for flag; do
	case $flag in
	--package=?*) package=${flag#*=} ;;
	--out=?*) out=${flag#*=} ;;
	--zip=?*) zip=${flag#*=} ;;
	--worker) function=worker program=./azure/worker ;;
	--dry-run) run="echo" ;;
	--help) help && exit ;;
	*) fail "there is no flag \"${flag%%[=:]*}\"" "see build.sh --help" 2 ;;
	esac
done

[ -n "$run" ] || command -v go >/dev/null ||
	fail "go is missing" "install Go 1.26 or later from https://go.dev/dl"
# Absolute, because the build may have to change folder.
project=$here
[ "$function" = labelbox ] || project=$here/worker
case $out in '') out=$project ;; /*) ;; *) out=$PWD/$out ;; esac
case $zip in '' | /*) ;; *) zip=$PWD/$zip ;; esac
if [ -z "$package" ]; then
	cd "$here/../.."
	package=$program
fi

$run env CGO_ENABLED=0 GOOS=linux GOARCH=amd64 \
	go build -trimpath -ldflags='-s -w' -o "$out/handler" "$package"
if [ "$out" != "$project" ]; then
	$run mkdir -p "$out/$function"
	$run cp "$project/host.json" "$out/host.json"
	$run cp "$project/$function/function.json" "$out/$function/function.json"
fi
[ -n "$zip" ] || exit 0

# Both keep the handler executable, without which the host cannot start it.
[ -n "$run" ] || cd "$out"
$run rm -f "$zip"
if [ -n "$run" ] || command -v zip >/dev/null; then
	$run zip -q -X "$zip" host.json "$function/function.json" handler
elif command -v python3 >/dev/null; then
	python3 -m zipfile -c "$zip" host.json "$function" handler
else
	fail "zip and python3 are missing" "install one of them, or leave --zip out"
fi
