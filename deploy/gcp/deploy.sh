#!/usr/bin/env bash
# Deploys labelhook to Google Cloud Functions and all that it needs there.
# See --help, and README.md beside this file.
set -euo pipefail
program=$(basename "$0")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=/dev/null
. "$here/gcloud.sh"

help() {
	cat <<'HELP'
deploy.sh deploys a receiver of Labelbox webhooks as a Google Cloud function,
with what it needs: services, secret, accounts, rights, destinations. What is
there already is kept, so it can be run again at any time: to update, to change
a setting (the flags are the whole configuration), or to rotate the secret.

usage: deploy.sh [FLAG…]

where
  --project=ID          the project; gcloud's own unless given
  --region=REGION       gcloud's functions/region unless given (us-central1)
  --name=NAME           the function, and the start of its accounts' names (labelhook)

secret: made up unless it is there or given
  --secret=NAME         its name in Secret Manager (NAME-webhook-secret)
  --secret-stdin        read it from standard input
  --rotate              make up a new one
  --drop-previous       stop accepting the one before
  --mount-secret        read it from a mounted file, so that later rotations
                        need no deployment

what becomes of deliveries
  --destinations=URLS   separated by blanks (pubsub://PROJECT/NAME; none with
                        --root or --source):
                        pubsub://PROJECT/TOPIC gs://BUCKET/PREFIX https://… log:
                        each as it came, or with ?form=decoded as docs/decoded.md has it
  --dead-letter=URL     takes what a destination refuses for good
  --overflow=URL        gs://BUCKET/PREFIX for bodies over a topic's limit
  --events=NAMES        let only these through, separated by blanks
  --max-body=BYTES      refuse larger bodies (10485760)
  --log-level=LEVEL     debug, info, warn or error (info)

worker: a second function behind the topic, off unless asked for
  --worker              take what is published to the first topic of --destinations
  --worker-root=FILE.go a root file of your own for it, which registers LabelboxWorker
  --worker-destinations=URLS  where it passes deliveries on to, besides a handler of
                        yours (log:)
  --alarm-channel=ID    of Cloud Monitoring, to be told what the worker gave up on

function
  --root=FILE.go        a root file of your own for labelhook's source: to leave
                        a destination out, or to add a handler
  --source=DIR          a function of your own instead of labelhook's
  --entry-point=NAME    what it registers (LabelboxWebhook)
  --runtime=RUNTIME     (go126)
  --memory=SIZE         (256Mi)
  --min-instances=N     (0)
  --max-instances=N     (10)
  --keep-invoker        leave as it is who may call the function

  --dry-run             print the commands, call nothing
  --help                print this

The URL to register in Labelbox is all that goes to standard output.

  deploy.sh --project=acme-ml --region=us-central1
  printf %s "$SECRET" | deploy.sh --region=us-central1 --secret-stdin \
    --destinations='pubsub://acme-ml/labels gs://acme-labels/raw'
HELP
}

project='' region='' name=labelhook
secret='' secret_stdin=false rotate=false drop_previous=false mount=false
destinations='' dead_letter='' overflow='' events='' max_body='' log_level=''
root='' source='' entry_point=LabelboxWebhook runtime=go126 memory=256Mi min_instances=0 max_instances=10
keep_invoker=false dry_run=false
worker=false worker_root='' worker_destinations='' alarm_channel=''

while [ $# -gt 0 ]; do
	flag=${1%%=*}
	case $1 in # one by one, so that no other flag takes a value
	--help | -h)
		help
		exit
		;;
	--secret-stdin) secret_stdin=true ;;
	--rotate) rotate=true ;;
	--drop-previous) drop_previous=true ;;
	--mount-secret) mount=true ;;
	--keep-invoker) keep_invoker=true ;;
	--worker) worker=true ;;
	--dry-run) dry_run=true ;;
	--secret-stdin=* | --rotate=* | --drop-previous=* | --mount-secret=* | --keep-invoker=* | --worker=* | --dry-run=*)
		wrong "$flag takes no value: write $flag alone"
		;;
	--project | --region | --name | --secret | --destinations | --dead-letter | --overflow | --events | --max-body | \
		--log-level | --root | --source | --entry-point | --runtime | --memory | --min-instances | --max-instances | \
		--worker-root | --worker-destinations | --alarm-channel | --*=*)
		if [ "$flag" != "$1" ]; then
			value=${1#*=}
		else
			[ $# -gt 1 ] || wrong "$flag has no value: write $flag=VALUE"
			value=$2
			shift
		fi
		[ -n "$value" ] || wrong "$flag has no value: write $flag=VALUE, or leave it out"
		[[ $value != *$'\n'* ]] || wrong "$flag has a line break in its value: write it in one line"
		case $flag in
		--project) project=$value ;;
		--region) region=$value ;;
		--name) name=$value ;;
		--secret) secret=$value ;;
		--destinations) destinations=$value ;;
		--dead-letter) dead_letter=$value ;;
		--overflow) overflow=$value ;;
		--events) events=$value ;;
		--max-body) max_body=$value ;;
		--log-level) log_level=$value ;;
		--root) root=$value ;;
		--source) source=$value ;;
		--entry-point) entry_point=$value ;;
		--runtime) runtime=$value ;;
		--memory) memory=$value ;;
		--min-instances) min_instances=$value ;;
		--max-instances) max_instances=$value ;;
		--worker-root) worker_root=$value ;;
		--worker-destinations) worker_destinations=$value ;;
		--alarm-channel) alarm_channel=$value ;;
		*) wrong "${flag%%[=:]*} is not a flag: see $program --help" ;;
		esac
		;;
	*) wrong "${flag%%[=:]*} is not a flag: see $program --help" ;;
	esac
	shift
done

# shown URLS: destinations as they may be printed. Names of the cloud's own are
# whole; of any other URL there are the scheme and host, for the rest may be a
# key, and of what is no URL there is nothing.
shown() {
	local url urls=() list=''
	read -rd '' -a urls <<<"$1" || true
	for url in ${urls[@]+"${urls[@]}"}; do
		if [[ $url =~ ^(pubsub|gs)://[^?#@]*(\?form=decoded)?$ || $url == log: ]]; then
			:
		elif [[ $url =~ ^([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*@)?(([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?)([/?#].*)?$ ]]; then
			url=${BASH_REMATCH[1]}${BASH_REMATCH[3]}
		else
			url='(not a URL)'
		fi
		list+=${list:+ }$url
	done
	printf '%s' "$list"
}

form='?form=decoded' # behind the name of what is to get deliveries so

# check_destination FLAG URL: a form that the function knows. A function of the
# user's own may know others.
check_destination() {
	case $2 in
	pubsub://*)
		[[ $2 =~ ^pubsub://[a-z][a-z0-9.:-]*/[A-Za-z][A-Za-z0-9._~+%-]{2,254}$ ]] ||
			wrong "$1: \"$(shown "$2")\" does not name a topic: write pubsub://PROJECT/TOPIC, the topic with 3 characters or more"
		;;
	gs://*)
		[[ $2 =~ ^gs://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](/.*)?$ ]] ||
			wrong "$1: \"$(shown "$2")\" does not name a bucket: write gs://BUCKET/PREFIX in lower case"
		;;
	log: | https://?*) ;;
	http://*) wrong "$1: http: would send deliveries in the clear: write an https:// URL" ;;
	file:* | sqlite:*) wrong "$1: ${2%%:*}: would lose deliveries, for a function's files end with its instance: write gs://BUCKET/PREFIX" ;;
	*) [ -n "$root$source" ] || wrong "$1: \"$(shown "$2")\" is no destination here: write pubsub://PROJECT/TOPIC, gs://BUCKET/PREFIX, https://… or log:" ;;
	esac
}

check_number() { # FLAG VALUE LEAST MOST
	if ! { [[ $2 =~ ^[0-9]{1,9}$ ]] && ((10#$2 >= $3 && 10#$2 <= $4)); }; then
		wrong "$1 \"$2\" is out of range: write a whole number from $3 to $4"
	fi
}

set -f # URLs are split at blanks below, and never expanded as file names
check_name
choose_project
check_region
secret=${secret:-$name-webhook-secret}
[[ $secret =~ ^[A-Za-z0-9_-]{1,255}$ ]] ||
	wrong "--secret does not name a secret: write its name in Secret Manager, and leave the secret itself to --secret-stdin"
! $secret_stdin || ! $rotate || wrong "--rotate makes up a secret and --secret-stdin reads one: pass one of them (a new one from standard input rotates too)"
[ -n "$destinations$root$source" ] || destinations=pubsub://$project/$name
for url in $destinations; do check_destination --destinations "${url%"$form"}"; done
[ -z "$dead_letter" ] || [ "${dead_letter%%[[:blank:]]*}" = "$dead_letter" ] || wrong "--dead-letter names several destinations: write one URL"
[ -z "$dead_letter" ] || check_destination --dead-letter "${dead_letter%"$form"}"
[ -z "$overflow" ] || [[ $overflow == gs://* && $overflow != *[[:blank:]]* ]] || wrong "--overflow \"$(shown "$overflow")\" keeps no objects to refer to: write gs://BUCKET/PREFIX"
[ -z "$overflow" ] || check_destination --overflow "$overflow"
for event in $events; do
	case $event in
	label.created | label.updated | label.deleted | workflow.action | review.created | review.updated | review.deleted | model_run.started | unknown) ;;
	*) wrong "--events: no event is called \"$event\": write some of label.created label.updated label.deleted workflow.action review.created review.updated review.deleted model_run.started unknown" ;;
	esac
done
[ -z "$max_body" ] || check_number --max-body "$max_body" 1 33554432 # Google refuses requests over 32 MiB
case $log_level in '' | debug | info | warn | error) ;; *) wrong "--log-level \"$log_level\" is not a level: write debug, info, warn or error" ;; esac
[ -z "$source" ] || [ -f "$source/go.mod" ] || wrong "--source \"$source\" has no go.mod: pass the folder of a Go module, with the function's package at its root"
[ -z "$root" ] || [[ -f $root && $root == *.go ]] || wrong "--root \"$root\" is no Go file: pass one such as $here/source/function.go"
[ -z "$root" ] || [ -z "$source" ] || wrong "--root goes into labelhook's source and --source is another: pass one of them"
[[ $entry_point =~ ^[A-Za-z][A-Za-z0-9_-]*$ ]] || wrong "--entry-point \"$entry_point\" is not a name: write the one that functions.HTTP registers"
[[ $runtime =~ ^go1(2[6-9]|[3-9][0-9])$ ]] || wrong "--runtime \"$runtime\" cannot build labelhook: write go126 or a newer one of gcloud functions runtimes list"
[[ $memory =~ ^[0-9]+(Mi|Gi|M|G)$ ]] || wrong "--memory \"$memory\" is not an amount: write one such as 256Mi"
check_number --min-instances "$min_instances" 0 1000
check_number --max-instances "$max_instances" 1 1000
[ "$min_instances" -le "$max_instances" ] || wrong "--min-instances $min_instances is more than --max-instances $max_instances: write no more"


# What the worker takes from: the first topic of the project's own.
worker_topic=''
if $worker; then
	for url in $destinations; do
		[ -z "$worker_topic" ] || continue
		[[ $url == pubsub://"$project"/* ]] || continue
		[[ $url != *"$form" ]] || wrong "--worker: $url holds the decoded form, and a worker needs the exact bytes: leave $form out"
		worker_topic=${url#pubsub://"$project"/}
	done
	[ -n "$worker_topic" ] || wrong "--worker: no topic of $project is in --destinations: write pubsub://$project/TOPIC there"
	worker_destinations=${worker_destinations:-log:}
	for url in $worker_destinations; do
		[[ $url != pubsub://"$project/$worker_topic" ]] || wrong "--worker-destinations: the worker would send to the topic that it takes from: name another"
		check_destination --worker-destinations "${url%"$form"}"
	done
	[ -z "$worker_root" ] || [[ -f $worker_root && $worker_root == *.go ]] || wrong "--worker-root \"$worker_root\" is no Go file: pass one such as $here/source/worker/worker.go"
	[ -z "$alarm_channel" ] || [[ $alarm_channel =~ ^(projects/[a-z0-9.:-]+/notificationChannels/)?[0-9]+$ ]] || wrong "--alarm-channel \"$alarm_channel\" is not a channel: write an id that gcloud beta monitoring channels list shows"
else
	[ -z "$worker_root$worker_destinations$alarm_channel" ] || wrong "--worker is missing: --worker-root, --worker-destinations and --alarm-channel are for a worker"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

runner=$name-run@$(account_domain)
builder=$name-build@$(account_domain)
worker_runner=$name-work@$(account_domain)
pusher=$name-push@$(account_domain)
mark=labelhook=$name # the label by which teardown.sh knows what was made here

# ---- services ----

enable_services() {
	local urls=" $destinations $dead_letter $overflow"
	local services=(cloudfunctions run cloudbuild artifactregistry secretmanager logging iam cloudresourcemanager)
	[[ $urls != *" pubsub:"* ]] || services+=(pubsub)
	[[ $urls != *" gs:"* ]] || services+=(storage)
	! $worker || services+=(monitoring)
	change "enable the services ${services[*]}" services enable "${services[@]/%/.googleapis.com}"
}

# ---- secret ----

# read_secret sets $given to what standard input holds, without the line break
# at its end: with one in Secret Manager no signature would ever match.
read_secret() {
	if [ -t 0 ]; then
		IFS= read -rsp "webhook secret: " given
		echo >&2
	else
		given=$(LC_ALL=C tr '\000' '\001' && printf x) # bash would drop NUL bytes, and UTF-16 is full of them
		given=${given%x}
		given=${given%$'\n'}
		given=${given%$'\r'}
	fi
	[ -n "$given" ] || wrong "--secret-stdin: standard input is empty: write the secret there, as in printf %s \"\$SECRET\" | $program …"
	[[ $given != *[$'\n\r']* ]] || wrong "--secret-stdin: standard input has several lines: write the secret alone"
	[[ $given != [[:space:]]* && $given != *[[:space:]] ]] || wrong "--secret-stdin: the secret has blanks around it: write it exactly as it is given to Labelbox"
	# The function refuses more; this is what would be in Secret Manager for nothing.
	case $given in
	*[[:cntrl:]]* | $'\xef\xbb\xbf'*) wrong "--secret-stdin: the secret has control characters in it, or is not saved as UTF-8 without a mark: write it as plain text" ;;
	\"*\" | \'*\') wrong "--secret-stdin: the secret stands in quotation marks: write it without" ;;
	esac
	case $(printf %s "$given" | LC_ALL=C tr 'A-Z_ ' 'a-z--') in
	'<'*'>' | *"\${"*"}"* | change-me | changeme | example-secret | replace-me | your-secret | your-webhook-secret | placeholder)
		wrong "--secret-stdin: that is a placeholder: make up a secret, such as by openssl rand -hex 32"
		;;
	esac
}

made_up_secret() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# sort_versions sets $versions to the numbers that $listing found, one a line,
# and $version to the newest.
sort_versions() {
	versions=$(printf '%s\n' "$found" | sort -n)
	version=${versions##*$'\n'}
}

# prepare_secret makes the secret, and a version of it where one is wanted.
prepare_secret() {
	local current='' first='' new='' payload
	local listing=(secrets versions list "$secret" --filter=state=ENABLED --format='value(name.basename())')
	if absent "${listing[@]}"; then
		change "create the secret $secret" secrets create "$secret" --replication-policy=automatic --labels="$mark"
	fi
	if $dry_run; then
		printf '# if it has no version or a new secret is wanted, which comes by standard input:\n'
		show secrets versions add "$secret" --data-file=-
		version=VERSION
		return
	fi
	sort_versions
	if [ -n "$version" ] && { $secret_stdin || $rotate || $drop_previous; }; then
		look secrets versions access "$version" --secret="$secret" || true
		current=$found first=${found%%$'\n'*}
	fi
	if $rotate || [ -z "$version$given" ]; then
		new=$(made_up_secret)
	elif [ "$given" != "$first" ]; then
		new=$given
	fi
	payload=$new
	if $mount && $drop_previous && [ -z "$new" ] && [ "$current" != "$first" ]; then
		payload=$first
	elif $mount && ! $drop_previous && [ -n "$new" ] && [ -n "$first" ]; then
		payload=$new$'\n'$first # a mounted file holds the one before itself
	fi
	if [ -n "$payload" ]; then
		printf %s "$payload" | change "add a version to the secret $secret" secrets versions add "$secret" --data-file=-
		look "${listing[@]}" || true
		sort_versions
	fi
}

# find_previous sets $previous to the version that is accepted besides
# $version: what the function has as its current one when that is another, else
# what it has as its previous one. So no deployment cuts off a webhook that
# still signs with the secret before.
find_previous() {
	local pinned key of number
	previous=''
	if $dry_run || $mount || $drop_previous; then return; fi
	pinned=serviceConfig.secretEnvironmentVariables
	look functions describe "$name" --gen2 --region="$region" --flatten="${pinned}[]" \
		--format="value($pinned.key,$pinned.secret,$pinned.version)" || return 0
	while read -r key of number; do
		[[ $of = "$secret" && $number != "$version" ]] || continue
		case $key in
		LABELBOX_WEBHOOK_SECRET)
			previous=$number
			break
			;;
		LABELBOX_WEBHOOK_SECRET_PREVIOUS) previous=$number ;;
		esac
	done <<<"$found"
	[ -z "$previous" ] || [[ $'\n'$versions$'\n' == *$'\n'"$previous"$'\n'* ]] || previous='' # it was disabled
	[ -z "$previous" ] || say "version $version of the secret is current, version $previous is accepted too: once Labelbox signs with the new one, end that with --drop-previous"
}

# ---- accounts and rights ----

attempts=1

prepare_account() { # EMAIL DOES
	if absent iam service-accounts describe "$1"; then
		change "create the account $1" iam service-accounts create "${1%%@*}" --display-name="labelhook: $2 $name"
		attempts=12 # until all of Google knows it
	fi
}

# bind WHAT COMMAND… ACCOUNT ROLE: adds the right to a policy.
bind() {
	local words=("$@") last=$(($# - 1))
	local what=$1 account=${words[last - 1]} role=${words[last]}
	change "let ${account%%@*} $what" "${words[@]:1:last-2}" --member="serviceAccount:$account" --role="roles/$role"
}

# ---- destinations ----

prepare_topic() { # PROJECT TOPIC
	local topic=projects/$1/topics/$2
	if absent pubsub topics describe "$topic"; then
		[ "$1" = "$project" ] || fail "the topic $2 of the project $1 is missing: create it there first, for only what is in --project is created here"
		change "create the topic $2" pubsub topics create "$topic" --labels="$mark"
	fi
	bind "publish to the topic $2" pubsub topics add-iam-policy-binding "$topic" "$runner" pubsub.publisher
	[ "$1" = "$project" ] && [ "$2" != "$worker_topic" ] || return 0
	# a topic without a subscription keeps nothing
	if $dry_run; then
		printf '# unless the topic has a subscription:\n'
	else
		look pubsub topics list-subscriptions "$topic" --limit=1 || true
		[ -z "$found" ] || return 0
	fi
	change "create the subscription $2" pubsub subscriptions create "$2" --topic="$topic" \
		--ack-deadline=60 --message-retention-duration=7d --expiration-period=never --labels="$mark"
}

prepare_bucket() { # BUCKET
	if absent storage buckets describe "gs://$1"; then
		change "create the bucket $1" storage buckets create "gs://$1" --location="$region" \
			--uniform-bucket-level-access --public-access-prevention
		change "label the bucket $1" storage buckets update "gs://$1" --update-labels="$mark"
	fi
	bind "create objects in the bucket $1" storage buckets add-iam-policy-binding "gs://$1" --condition=None "$runner" storage.objectCreator
}

prepare_destinations() {
	local url rest done=' '
	for url in $destinations $dead_letter $overflow; do
		url=${url%"$form"}
		rest=${url#*://}
		case $url in
		pubsub://*) rest=pubsub/${rest} ;;
		gs://*) rest=gs/${rest%%/*} ;;
		*) continue ;;
		esac
		[[ $done != *" $rest "* ]] || continue
		done+="$rest "
		case $rest in
		pubsub/*)
			rest=${rest#pubsub/}
			prepare_topic "${rest%%/*}" "${rest#*/}"
			;;
		*) prepare_bucket "${rest#gs/}" ;;
		esac
	done
}

# ---- function ----

# environment prints the variables of the receiver or the worker as YAML.
environment() { # receiver | worker
	local quote="'"
	setting() { [ -z "$2" ] || printf "%s: '%s'\n" "$1" "${2//$quote/$quote$quote}"; }
	if [ "$1" = receiver ]; then
		setting LABELHOOK_DESTINATIONS "$destinations"
		setting LABELHOOK_DEAD_LETTER "$dead_letter"
		setting LABELHOOK_EVENTS "$events"
	else
		setting LABELHOOK_DESTINATIONS "$worker_destinations"
	fi
	setting LABELHOOK_OVERFLOW "$overflow"
	setting LABELHOOK_MAX_BODY "$max_body"
	setting LABELHOOK_LOG_LEVEL "$log_level"
	! $mount || setting LABELBOX_WEBHOOK_SECRET_FILE /etc/labelhook/secret
}

# stage makes the folder to upload.
stage() {
	[ -z "$source" ] || return 0
	source=$work/source
	if $dry_run; then
		source=SOURCE
		printf '%q SOURCE%s\n' "$here/stage.sh" "${root:+ $(printf %q "$root")}"
	else
		"$here/stage.sh" "$source" ${root:+"$root"} >&2 || fail "could not stage the source: stage.sh says why above"
	fi
}

# deploy builds and deploys a function of a source, as an account and with more flags.
deploy() { # receiver | worker, NAME ENTRY-POINT SOURCE ACCOUNT FLAG…
	local secrets=LABELBOX_WEBHOOK_SECRET=$secret:$version settings=$work/environment.yaml flags
	local role=$1 function=$2 entry=$3 from=$4 account=$5
	shift 5
	[ -z "$previous" ] || secrets+=,LABELBOX_WEBHOOK_SECRET_PREVIOUS=$secret:$previous
	! $mount || secrets=/etc/labelhook/secret=$secret:latest
	environment "$role" >"$settings"
	if [ ! -s "$settings" ]; then
		settings=''
	elif $dry_run; then
		printf '# environment.yaml holds:\n'
		sed 's/^/#   /' "$settings"
		settings=environment.yaml
	fi
	flags=(
		--gen2 --region="$region" --runtime="$runtime" --source="$from" --entry-point="$entry"
		--trigger-http --ingress-settings=all "$@"
		--cpu=1 --memory="$memory" # serving in parallel takes a whole CPU
		--service-account="$account" --build-service-account="projects/$project/serviceAccounts/$builder"
		--set-secrets="$secrets"
		--set-build-env-vars="GOOGLE_GOLDFLAGS=-s -w,GOFLAGS=-trimpath,CGO_ENABLED=0"
	)
	if [ -n "$settings" ]; then flags+=(--env-vars-file="$settings"); else flags+=(--clear-env-vars); fi
	[ -f "$from/.gcloudignore" ] || flags+=(--ignore-file="$here/gcloudignore")
	[ "$attempts" = 1 ] || attempts=4
	visible=true change "build and deploy the function $function, which takes some minutes" functions deploy "$function" "${flags[@]}" --format='value(url)'
}

deploy_receiver() {
	local flags=(--timeout=30s --concurrency=80 --min-instances="$min_instances" --max-instances="$max_instances")
	$keep_invoker || flags+=(--allow-unauthenticated) # Labelbox has no Google identity: the signature is the gate
	deploy receiver "$name" "$entry_point" "$source" "$runner" "${flags[@]}"
}

# ---- worker ----

make_subscription() { # NAME TOPIC FLAG…
	local subscription=$1 topic=$2
	shift 2
	change "create the subscription $subscription" pubsub subscriptions create "$subscription" --topic="projects/$project/topics/$topic" \
		--message-retention-duration=7d --expiration-period=never --labels="$mark" "$@"
}

# prepare_worker deploys the worker, and then has its subscription push to it. The
# receiver comes after it, so that no delivery is published while nobody takes it.
prepare_worker() {
	local url dead=$name-dead subscription=$name-worker agent=PROJECT_NUMBER bucket from=$work/worker
	prepare_account "$worker_runner" "runs the worker behind the function"
	prepare_account "$pusher" "calls the worker behind the function"
	bind "read the secret $secret" secrets add-iam-policy-binding "$secret" --condition=None "$worker_runner" secretmanager.secretAccessor
	if [ -n "$overflow" ]; then
		bucket=${overflow#gs://} bucket=${bucket%%/*}
		bind "read the bucket $bucket" storage buckets add-iam-policy-binding "gs://$bucket" --condition=None "$worker_runner" storage.objectViewer
	fi
	if $dry_run; then
		from=WORKER
		printf '%q WORKER %q\n' "$here/stage.sh" "${worker_root:-$here/source/worker/worker.go}"
	else
		"$here/stage.sh" "$from" "${worker_root:-$here/source/worker/worker.go}" >&2 || fail "could not stage the worker's source: stage.sh says why above"
	fi
	deploy worker "$name-worker" LabelboxWorker "$from" "$worker_runner" \
		--timeout=600s --concurrency=4 --min-instances=0 --max-instances="$max_instances" --no-allow-unauthenticated
	url=WORKER_URL
	$dry_run || url=$(cat "$work/answer")
	change "let ${pusher%%@*} call the worker" functions add-invoker-policy-binding "$name-worker" --region="$region" --member="serviceAccount:$pusher"

	# Pub/Sub itself moves what failed five times, and needs the rights to.
	! absent pubsub topics describe "projects/$project/topics/$dead" ||
		change "create the topic $dead" pubsub topics create "projects/$project/topics/$dead" --labels="$mark"
	! absent pubsub subscriptions describe "$dead" || make_subscription "$dead" "$dead"
	if ! $dry_run; then
		look projects describe "$project" --format='value(projectNumber)' || fail "the project $project is missing: gcloud projects list shows those that there are"
		agent=$found
	fi
	agent=service-$agent@gcp-sa-pubsub.iam.gserviceaccount.com
	bind "publish dead letters to the topic $dead" pubsub topics add-iam-policy-binding "projects/$project/topics/$dead" "$agent" pubsub.publisher
	local push=(--push-endpoint="$url" --push-auth-service-account="$pusher")
	if absent pubsub subscriptions describe "$subscription"; then
		make_subscription "$subscription" "$worker_topic" "${push[@]}" --ack-deadline=600 \
			--min-retry-delay=10s --max-retry-delay=600s --dead-letter-topic="projects/$project/topics/$dead" --max-delivery-attempts=5
	else
		change "have the subscription $subscription push to the worker" pubsub subscriptions modify-push-config "$subscription" "${push[@]}"
	fi
	bind "take dead letters off the subscription $subscription" pubsub subscriptions add-iam-policy-binding "$subscription" "$agent" pubsub.subscriber
	prepare_alarm "$subscription"
}

# prepare_alarm SUBSCRIPTION: on what the worker gave up on, and on what waits.
prepare_alarm() {
	local channel='' title="labelhook: worker of $name in $region" listing
	[ -z "$alarm_channel" ] || channel="\"projects/$project/notificationChannels/${alarm_channel##*/}\""
	listing=(alpha monitoring policies list --filter="displayName=\"$title\"" --format='value(name)')
	if $dry_run; then
		absent "${listing[@]}"
	else
		look "${listing[@]}" || true
		[ -z "$found" ] || return 0
	fi
	condition() { # TITLE METRIC ALIGNER THRESHOLD
		printf '{"displayName":"%s","conditionThreshold":{"filter":"resource.type=\\"pubsub_subscription\\" AND resource.labels.subscription_id=\\"%s\\" AND metric.type=\\"pubsub.googleapis.com/subscription/%s\\"",' "$1" "$subscription" "$2"
		printf '"aggregations":[{"alignmentPeriod":"300s","perSeriesAligner":"%s"}],"comparison":"COMPARISON_GT","thresholdValue":%s,"duration":"0s"}}' "$3" "$4"
	}
	local policy
	policy=$(printf '{"displayName":"%s","userLabels":{"labelhook":"%s"},"combiner":"OR","notificationChannels":[%s],"conditions":[%s,%s]}' "$title" "$name" "$channel" \
		"$(condition "the worker gave up on deliveries" dead_letter_message_count ALIGN_SUM 0)" \
		"$(condition "a delivery has waited for an hour" oldest_unacked_message_age ALIGN_MAX 3600)")
	change "create the alarm \"$title\"" alpha monitoring policies create --policy="$policy"
}

next_steps() {
	local url reveal="gcloud secrets versions access $version --secret=$secret --project=$project"
	url=$(cat "$work/answer")
	! $mount || reveal="gcloud secrets versions access latest --secret=$secret --project=$project | head -n 1"
	cat >&2 <<NEXT
$program: done. Next:
  1. see that it is alive and refuses forgeries:
     LABELBOX_WEBHOOK_SECRET="\$($reveal)" labelhook check $url
  2. register the URL in Labelbox, with the secret that this command prints:
     $reveal
NEXT
	printf '%s\n' "$url"
}

given=''
! $secret_stdin || $dry_run || read_secret
enable_services
prepare_secret
find_previous
prepare_account "$runner" "runs the function"
prepare_account "$builder" "builds the function"
bind "read the secret $secret" secrets add-iam-policy-binding "$secret" --condition=None "$runner" secretmanager.secretAccessor
bind "build" projects add-iam-policy-binding "$project" --condition=None "$builder" cloudbuild.builds.builder
prepare_destinations
if $dry_run; then
	destinations=$(shown "$destinations") dead_letter=$(shown "$dead_letter") overflow=$(shown "$overflow") worker_destinations=$(shown "$worker_destinations")
fi
! $worker || prepare_worker
stage
deploy_receiver
$dry_run || next_steps
