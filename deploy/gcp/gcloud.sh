# What deploy.sh and teardown.sh share: words to the user, and calls of gcloud.
# Sourced by them; they set program, project, region, name, dry_run and work.
# shellcheck shell=bash disable=SC2034,SC2154

say() { printf '%s: %s\n' "$program" "$*" >&2; }

# wrong ends the script for wrong usage, fail for everything else.
wrong() {
	say "error: $*"
	exit 2
}
fail() {
	say "error: $*"
	exit 1
}

# google runs gcloud in the project, and never lets it ask.
google() { gcloud "$@" --project="$project" --quiet; }

# choose_project settles which project is meant and whether gcloud is there.
choose_project() {
	if [ -z "$project" ] || ! $dry_run; then
		command -v gcloud >/dev/null || fail "gcloud is missing: install it as https://cloud.google.com/sdk/docs/install says, then run gcloud auth login"
	fi
	[ -n "$project" ] || project=$(gcloud config get project 2>/dev/null) || project=
	[ -n "$project" ] || wrong "--project is missing and gcloud has none set: pass --project=ID, or run gcloud config set project ID"
	[[ $project =~ ^([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$ ]] ||
		wrong "--project \"$project\" is not a project id: pass the id that gcloud projects list shows, not the name or number"
}

# check_name holds a function's name to what its accounts' names leave room for.
check_name() {
	[[ $name =~ ^[a-z][a-z0-9-]{0,22}[a-z0-9]$ ]] ||
		wrong "--name \"$name\" cannot name the function: write 2 to 24 lower-case letters, digits and hyphens, a letter first"
}

check_region() {
	[ -n "$region" ] || region=$(gcloud config get functions/region 2>/dev/null) || region=us-central1
	[[ $region =~ ^[a-z]+-[a-z]+[0-9]+$ ]] ||
		wrong "--region \"$region\" is not a region: pass one such as --region=us-central1"
}

# account_domain is what comes after the @ of the project's own accounts. For
# example.com:project that is project.example.com.iam.gserviceaccount.com.
account_domain() {
	case $project in
	*:*) printf '%s.%s.iam.gserviceaccount.com' "${project#*:}" "${project%%:*}" ;;
	*) printf '%s.iam.gserviceaccount.com' "$project" ;;
	esac
}

# look asks gcloud for something and puts the answer into $found. It is false
# when there is no such thing, or not even its service; any other refusal ends
# the script.
look() {
	found=$(google "$@" 2>"$work/messages") && return
	grep -qiE 'not[ _]found|does not exist|(HTTPError |status=\[)404|SERVICE_DISABLED|has not been used' "$work/messages" || give_up "look with gcloud $1 $2 $3"
	false
}

# absent says whether to make a thing, by the command that describes it.
absent() {
	if $dry_run; then
		printf '# unless "gcloud'
		printf ' %q' "$@"
		printf '" finds it:\n'
		return
	fi
	! look "$@"
}

# change WHAT ARGUMENT…: does WHAT by gcloud, or with --dry-run prints how.
# What a new account's rights can delay is tried again while $attempts last.
change() {
	local what=$1 left=${attempts:-1}
	shift
	if $dry_run; then
		show "$@"
		return
	fi
	say "$what"
	until attempt "$@"; do
		left=$((left - 1))
		if [ "$left" -le 0 ] || ! delayed; then give_up "$what"; fi
		sleep "${LABELHOOK_RETRY_SECONDS:-10}"
	done
}

# attempt runs gcloud once. Its answer and its talk go to files, the talk to the
# terminal too where it takes long ($visible).
attempt() {
	if ${visible:-false}; then
		google "$@" 2>&1 >"$work/answer" | tee "$work/messages" >&2
	else
		google "$@" >"$work/answer" 2>"$work/messages"
	fi
}

# delayed says whether gcloud's last refusal may be one of Google's rights and
# accounts that have not yet reached all its servers.
delayed() { grep -qiE 'does not exist|permission|denied' "$work/messages"; }

# give_up ends the script with gcloud's own words and one line of ours.
give_up() {
	${visible:-false} || cat "$work/messages" >&2
	if grep -q 'permitted customer' "$work/messages"; then # the policy that keeps allUsers out
		fail "could not $*: the organisation allows no public function: run gcloud run services update $name --region=$region --project=$project --no-invoker-iam-check, then this again with --keep-invoker"
	fi
	fail "could not $*: gcloud says why above; running this again does only what is left"
}

# show prints a gcloud command as a shell would take it.
show() {
	printf 'gcloud'
	printf ' %q' "$@" --project="$project" --quiet
	printf '\n'
}
