#!/bin/sh
# Makes the folder that Google's builder can build: it takes the function from
# the Go files in the root of what is uploaded, and this repository has none.
set -eu

usage() {
	cat <<'EOF'
usage: stage.sh DEST [ROOT.go]

Fills the new or empty folder DEST with the source of the function: go.mod,
go.sum, core, gcp, server and what they import from internal, without tests, and
ROOT.go as the one Go file of the root. Without ROOT.go that is source/function.go
beside this script, which registers LabelboxWebhook with every destination; write
your own to leave some out, or to add a handler.

  deploy/gcp/stage.sh /tmp/function
  gcloud functions deploy labelbox --source=/tmp/function --entry-point=LabelboxWebhook …
EOF
}

fail() {
	echo "stage.sh: $1" >&2
	exit "${2:-1}"
}

case ${1-} in -h | --help) usage && exit ;; -*) fail "no such option: $1; see --help" 2 ;; esac
if [ $# -lt 1 ] || [ $# -gt 2 ] || [ -z "$1" ]; then
	usage >&2
	exit 2
fi

repository=$(cd "$(dirname "$0")/../.." && pwd -P)
module=$(sed -n 's/^module //p' "$repository/go.mod")
root=${2:-$repository/deploy/gcp/source/function.go}
[ -f "$root" ] || fail "$root: no such file; name the Go file that is to be the root"
mkdir -p "$1"
dest=$(cd "$1" && pwd -P)
[ -z "$(ls -A "$dest")" ] || fail "$1: not empty; name a new folder"

cp "$root" "$dest/function.go"
cd "$repository"
cp go.mod go.sum "$dest"

# stage copies the Go files of a folder, without tests.
stage() {
	find "$@" -type f -name '*.go' ! -name '*_test.go' ! -path '*/testdata/*' | while IFS= read -r file; do
		mkdir -p "$dest/$(dirname "$file")"
		cp "$file" "$dest/$file"
	done
}
stage core gcp server

# internal packages that staged ones import, until none is missing.
while :; do
	missing=
	for package in $(grep -rho "\"$module/internal/[^\"]*\"" "$dest" | sort -u | tr -d '"'); do
		folder=${package#"$module"/}
		[ -d "$dest/$folder" ] || missing="$missing $folder"
	done
	[ -n "$missing" ] || break
	for folder in $missing; do
		stage "$folder" -maxdepth 1
	done
done
