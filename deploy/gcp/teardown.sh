#!/usr/bin/env bash
# Removes what deploy.sh made. See --help, and README.md beside this file.
set -euo pipefail
program=$(basename "$0")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=/dev/null
. "$here/gcloud.sh"

help() {
	cat <<'HELP'
teardown.sh removes what deploy.sh made: the function, the worker behind it with its
alarm, their accounts and rights, and the secret, topics, subscriptions and buckets that carry its
label. It lists them and asks first. What was there before deploy.sh loses only
the function's rights. A bucket that holds objects is kept, and so are the
services.

usage: teardown.sh [FLAG…]

  --project=ID     the project; gcloud's own unless given
  --region=REGION  as it was deployed
  --name=NAME      as it was deployed (labelhook)
  --secret=NAME    as it was deployed (NAME-webhook-secret)
  --yes            do not ask
  --dry-run        print the commands, call nothing
  --help           print this
HELP
}

project='' region='' name=labelhook secret='' yes=false dry_run=false found=''
while [ $# -gt 0 ]; do
	flag=${1%%=*}
	case $1 in
	--help | -h)
		help
		exit
		;;
	--yes) yes=true ;;
	--dry-run) dry_run=true ;;
	--project | --region | --name | --secret | --project=* | --region=* | --name=* | --secret=*)
		if [ "$flag" != "$1" ]; then
			value=${1#*=}
		else
			[ $# -gt 1 ] || wrong "$flag has no value: write $flag=VALUE"
			value=$2
			shift
		fi
		[ -n "$value" ] || wrong "$flag has no value: write $flag=VALUE, or leave it out"
		case $flag in
		--project) project=$value ;;
		--region) region=$value ;;
		--name) name=$value ;;
		*) secret=$value ;;
		esac
		;;
	*) wrong "${flag%%[=:]*} is not a flag: see $program --help" ;;
	esac
	shift
done

set -f
check_name
choose_project
check_region
secret=${secret:-$name-webhook-secret}
$yes || $dry_run || [ -t 0 ] || wrong "--yes is missing, and there is no terminal to ask on: pass --yes, after a look with --dry-run"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
domain=$(account_domain)
runner=$name-run@$domain
builder=$name-build@$domain
worker_runner=$name-work@$domain
pusher=$name-push@$domain
alarm="labelhook: worker of $name in $region"

# ---- what there is ----

# labelled sets $found to the names of a kind of resource that deploy.sh made.
labelled() {
	look "$@" --filter="labels.labelhook=$name" --format='value(name.basename())' || true
}

# take_stock finds what to remove, before any of it goes.
take_stock() {
	local settings=serviceConfig.environmentVariables account of
	function=false worker=false urls='' accounts='' alarms=''
	if look functions describe "$name" --gen2 --region="$region" \
		--format="value[separator=' ']($settings.LABELHOOK_DESTINATIONS,$settings.LABELHOOK_DEAD_LETTER,$settings.LABELHOOK_OVERFLOW)"; then
		function=true urls=$found
	fi
	if look functions describe "$name-worker" --gen2 --region="$region" --format='value(name)'; then
		worker=true
		look alpha monitoring policies list --filter="displayName=\"$alarm\"" --format='value(name)' || true
		alarms=$found
	fi
	for account in "$runner" "$builder" "$worker_runner" "$pusher"; do
		look iam service-accounts describe "$account" --format='value(displayName)' || continue
		of=$found
		[[ $of != "labelhook: "*" the function $name" ]] || accounts+=" $account"
	done
	labelled secrets list && secrets=$found
	labelled pubsub topics list && topics=$found
	labelled pubsub subscriptions list && subscriptions=$found
	labelled storage buckets list && buckets=$found
}

ask() {
	local list='' answer
	! $function || list+="  the function $name in $region"$'\n'
	! $worker || list+="  the function $name-worker in $region"$'\n'
	[ -z "$alarms" ] || list+="  the alarm \"$alarm\""$'\n'
	for it in $accounts; do list+="  the account $it"$'\n'; done
	for it in $secrets; do list+="  the secret $it, in all its versions"$'\n'; done
	for it in $topics; do list+="  the topic $it"$'\n'; done
	for it in $subscriptions; do list+="  the subscription $it, with what nobody has read"$'\n'; done
	for it in $buckets; do list+="  the bucket $it, if it is empty"$'\n'; done
	if [ -z "$list" ]; then
		say "nothing of $name is left in $project"
		exit
	fi
	printf '%s: this is removed from %s:\n%s' "$program" "$project" "$list" >&2
	if $yes; then return; fi
	IFS= read -rp "remove all of it? [yes/no] " answer
	[ "$answer" = yes ] || fail "nothing was removed: answer yes to remove it"
}

# plan is what --dry-run has instead of what there is.
plan() {
	printf '# of these, what deploy.sh made:\n'
	function=true worker=true alarms=ALARM accounts="$runner $builder $worker_runner $pusher" secrets=$secret topics=TOPIC subscriptions=SUBSCRIPTION buckets=BUCKET urls=
}

# ---- removal ----

# unbind WHAT COMMAND… ACCOUNT ROLE: takes the right out of the policy of what
# is kept. Where it is not in there, or the thing is gone, all is well.
unbind() {
	local words=("$@") last=$(($# - 1))
	say "end the right of ${words[last - 1]%%@*} to $1"
	look "${words[@]:1:last-2}" --member="serviceAccount:${words[last - 1]}" --role="roles/${words[last]}" || true
}

holds() { [[ $'\n'$1$'\n' == *$'\n'"$2"$'\n'* ]]; }

remove_rights() {
	local url rest account
	if [[ " $accounts" == *" $builder"* ]]; then
		if $dry_run; then
			show projects remove-iam-policy-binding "$project" --condition=None --member="serviceAccount:$builder" --role=roles/cloudbuild.builds.builder
		else
			unbind build projects remove-iam-policy-binding "$project" --condition=None "$builder" cloudbuild.builds.builder
		fi
	fi
	if $dry_run; then return; fi
	for account in "$runner" "$worker_runner"; do
		holds "$secrets" "$secret" ||
			unbind "read the secret $secret" secrets remove-iam-policy-binding "$secret" --condition=None "$account" secretmanager.secretAccessor
	done
	for url in $urls; do
		url=${url%'?form=decoded'}
		rest=${url#*://}
		case $url in
		pubsub://"$project"/*)
			holds "$topics" "${rest#*/}" ||
				unbind "publish to the topic ${rest#*/}" pubsub topics remove-iam-policy-binding "${rest#*/}" "$runner" pubsub.publisher
			;;
		pubsub://*) unbind "publish to the topic $rest" pubsub topics remove-iam-policy-binding "projects/${rest%%/*}/topics/${rest#*/}" "$runner" pubsub.publisher ;;
		gs://*)
			unbind "create objects in the bucket ${rest%%/*}" storage buckets remove-iam-policy-binding "gs://${rest%%/*}" --condition=None "$runner" storage.objectCreator
			! $worker || unbind "read the bucket ${rest%%/*}" storage buckets remove-iam-policy-binding "gs://${rest%%/*}" --condition=None "$worker_runner" storage.objectViewer
			;;
		esac
	done
}

remove_bucket() {
	if $dry_run; then
		show storage buckets delete "gs://$1"
		return
	fi
	say "delete the bucket $1"
	google storage buckets delete "gs://$1" >/dev/null 2>"$work/messages" && return
	grep -qiE 'not empty' "$work/messages" || give_up "delete the bucket $1"
	say "the bucket $1 holds objects and is kept: gcloud storage rm --recursive gs://$1 removes it with them"
}

if $dry_run; then plan; else
	take_stock
	ask
fi
for it in $alarms; do change "delete the alarm \"$alarm\"" alpha monitoring policies delete "$it"; done
! $worker || change "delete the function $name-worker" functions delete "$name-worker" --gen2 --region="$region"
! $function || change "delete the function $name" functions delete "$name" --gen2 --region="$region"
remove_rights
for it in $subscriptions; do change "delete the subscription $it" pubsub subscriptions delete "$it"; done
for it in $topics; do change "delete the topic $it" pubsub topics delete "$it"; done
for it in $buckets; do remove_bucket "$it"; done
for it in $secrets; do change "delete the secret $it" secrets delete "$it"; done
for it in $accounts; do change "delete the account $it" iam service-accounts delete "$it"; done
$dry_run || say "done: deactivate the webhook in Labelbox too, if it still names this function"
