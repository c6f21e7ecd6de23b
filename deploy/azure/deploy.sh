#!/usr/bin/env bash
# Deploys labelhook to Azure Functions and all that it needs there. See --help,
# and README.md beside this file.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

help() {
	cat <<'HELP'
deploy.sh deploys a receiver of Labelbox webhooks as a function app on Azure's
Flex Consumption plan, with what it needs: storage, key vault, identity, rights,
Application Insights. What is there already is kept, so it can be run again at
any time: to update, to change a setting (the flags are the whole
configuration), or to rotate the secret.

usage: deploy.sh --name=APP --location=LOCATION [FLAG…]

where
  --name=APP             the function app; the name is part of its URL and must
                         be free in all of Azure (2 to 40 letters, digits, -)
  --location=LOCATION    such as westeurope; it must have Flex Consumption
  --resource-group=GROUP made if it is not there (rg-APP)

secret: the one that Labelbox signs with
  LABELBOX_WEBHOOK_SECRET           (environment) to put into the key vault;
                         without it, the one that is there is kept
  LABELBOX_WEBHOOK_SECRET_PREVIOUS  (environment) also accepted, for a rotation
  --secret-stdin         read the first of them from standard input
  --read-vault           let the app read the vault itself: a later rotation
                         needs no deployment

what becomes of deliveries
  --destinations=URLS    separated by blanks (the app's own storage account,
                         container "deliveries"):
                         azblob://ACCOUNT/CONTAINER/PREFIX azqueue://ACCOUNT/QUEUE
                         servicebus://NAMESPACE/ENTITY https://… log:
  --dead-letter=URL      takes what a destination refuses for good (the app's
                         own storage account, container "dead-letters")
  --overflow=URL         azblob://… for bodies over a queue's limit (the app's
                         own storage account, container "deliveries")
  --events=NAMES         let only these through, separated by blanks
  --max-body=BYTES       refuse larger bodies (10485760)
  --log-level=LEVEL      debug, info, warn or error (info)

worker: a second app behind the receiver, off unless asked for
  --worker               take deliveries from a queue of Service Bus that is made for it
  --worker-package=PACKAGE  a Go program of your own for it
  --worker-destinations=URLS  where it passes deliveries on to, besides a handler of
                         yours (log:)
  --alarm-email=ADDRESS  who is mailed about what the worker gave up on

app
  --package=PACKAGE      a Go program of your own instead of labelhook's
  --runtime-version=V    of the runtime "custom" (1.0)
  --memory=MB            512, 2048 or 4096 (512)
  --max-instances=N      40 to 1000 (40)
  --always-ready=N       instances that are kept warm, at a price (0)

  --dry-run              print the commands, run nothing
  --help                 print this

The URL to register in Labelbox is all that goes to standard output.

  read -rs LABELBOX_WEBHOOK_SECRET && export LABELBOX_WEBHOOK_SECRET
  deploy.sh --name=acme-labels --location=westeurope
HELP
}

say() { echo "deploy.sh: $*" >&2; }

fail() {
	echo "deploy.sh: error: $1" >&2
	echo "deploy.sh: hint: $2" >&2
	exit "${3:-1}"
}

name='' location='' group='' secret_stdin='' read_vault=false package='' dry=''
destinations='' dead_letter='' overflow='' events='' max_body='' log_level=''
worker=false worker_package='' worker_destinations='' alarm_email=''
runtime_version=1.0 memory=512 max_instances=40 always_ready=0
for flag; do
	case $flag in
	--name=?*) name=${flag#*=} ;;
	--location=?*) location=${flag#*=} ;;
	--resource-group=?*) group=${flag#*=} ;;
	--secret-stdin) secret_stdin=yes ;;
	--read-vault) read_vault=true ;;
	--destinations=?*) destinations=${flag#*=} ;;
	--dead-letter=?*) dead_letter=${flag#*=} ;;
	--overflow=?*) overflow=${flag#*=} ;;
	--events=?*) events=${flag#*=} ;;
	--max-body=?*) max_body=${flag#*=} ;;
	--log-level=?*) log_level=${flag#*=} ;;
	--worker) worker=true ;;
	--worker-package=?*) worker_package=${flag#*=} ;;
	--worker-destinations=?*) worker_destinations=${flag#*=} ;;
	--alarm-email=?*) alarm_email=${flag#*=} ;;
	--package=?*) package=${flag#*=} ;;
	--runtime-version=?*) runtime_version=${flag#*=} ;;
	--memory=?*) memory=${flag#*=} ;;
	--max-instances=?*) max_instances=${flag#*=} ;;
	--always-ready=?*) always_ready=${flag#*=} ;;
	--dry-run) dry=yes ;;
	--help) help && exit ;;
	*) fail "there is no flag \"${flag%%[=:]*}\", or it lacks a value" "see deploy.sh --help" 2 ;;
	esac
done
[ -n "$name" ] || fail "--name is missing" "name the function app, such as --name=acme-labels" 2
[ -n "$location" ] || fail "--location is missing" "name a location, such as --location=westeurope" 2
[[ $name =~ ^[A-Za-z0-9][A-Za-z0-9-]{0,38}[A-Za-z0-9]$ ]] ||
	fail "\"$name\" cannot be the name of an app" "write 2 to 40 letters, digits and hyphens, no hyphen at either end" 2
for number in "$memory" "$max_instances" "$always_ready" "${max_body:-0}"; do
	[[ $number =~ ^[0-9]+$ ]] || fail "\"$number\" is not a whole number" "see deploy.sh --help" 2
done
if ! $worker && [ -n "$worker_package$worker_destinations$alarm_email" ]; then
	fail "--worker is missing" "--worker-package, --worker-destinations and --alarm-email are for a worker" 2
fi
if $worker && [ ${#name} -gt 33 ]; then
	fail "\"$name\" is too long for the name of a worker's app, which ends in -worker" "write 33 characters at most" 2
fi
case $alarm_email in
'' | ?*@?*.?*) ;;
*) fail "--alarm-email is no address" "write one such as on-call@example.com" 2 ;;
esac
group=${group:-rg-$name}

secret=${LABELBOX_WEBHOOK_SECRET:-} previous=${LABELBOX_WEBHOOK_SECRET_PREVIOUS:-}
if [ -n "$secret_stdin" ]; then # bash would drop NUL bytes, and UTF-16 is full of them
	IFS= read -r secret < <(LC_ALL=C tr '\000' '\001') || [ -n "$secret" ] ||
		fail "standard input holds no secret" "write it there, or leave --secret-stdin out"
fi
for value in "$location" "$group" "$destinations" "$dead_letter" "$overflow" "$events" "$log_level" "$runtime_version" "$secret" "$previous" "$worker_destinations" "$alarm_email"; do
	case $value in *[[:cntrl:]]*) fail "a value has a control character or a line break in it" "write values of one line" 2 ;; esac
done
# The app refuses more; this is what would be in the vault for nothing.
for value in "$secret" "$previous"; do
	case $value in
	$'\xef\xbb\xbf'*) fail "the secret has a byte order mark in it" "save it as UTF-8 without a byte order mark" 2 ;;
	\"*\" | \'*\') fail "the secret stands in quotation marks" "write it without" 2 ;;
	esac
	case $(printf %s "$value" | LC_ALL=C tr 'A-Z_ ' 'a-z--') in
	'<'*'>' | *"\${"*"}"* | change-me | changeme | example-secret | replace-me | your-secret | your-webhook-secret | placeholder)
		fail "the secret is a placeholder" "make up a secret, such as by openssl rand -hex 32" 2
		;;
	esac
done

# shown URLS: destinations as they may be printed. Names of the cloud's own are
# whole; of any other URL there are the scheme and host, for the rest may be a
# key, and of what is no URL there is nothing.
shown() {
	local url urls=() list=''
	read -rd '' -a urls <<<"$1" || true
	for url in ${urls[@]+"${urls[@]}"}; do
		if [[ $url =~ ^(servicebus|azblob|azqueue)://[^?#@]*(\?form=decoded)?$ || $url == log: ]]; then
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

mark="'"

# run COMMAND ARGUMENT…: does it, or under --dry-run prints it.
run() {
	if [ -n "$dry" ]; then
		printf '%s' "$1"
		shift
		for argument; do
			case $argument in
			*[!A-Za-z0-9_./=:@%+,-]* | '') printf " '%s'" "${argument//$mark/$mark\\$mark$mark}" ;;
			*) printf ' %s' "$argument" ;;
			esac
		done
		echo
	else
		"$@" >&2
	fi
}

if [ -z "$dry" ]; then
	command -v az >/dev/null || fail "az is missing" "install the Azure CLI: https://aka.ms/azure-cli"
	command -v func >/dev/null || fail "func is missing" "install Azure Functions Core Tools: https://aka.ms/azfunc-install"
	az account show --output none || fail "az is not signed in" "run az login, and az account set --subscription NAME"
fi

# quote TEXT: as a JSON string.
quote() {
	printf '"%s"' "$(printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g')"
}

# parameters NAME=VALUE…: a parameter file for the template, without the empty.
parameters() {
	local separator='' pair
	# shellcheck disable=SC2016 # $schema is the name
	printf '{\n  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",\n'
	printf '  "contentVersion": "1.0.0.0",\n  "parameters": {'
	for pair; do
		[ -n "${pair#*=}" ] || continue
		case ${pair%%=*} in
		readVault | worker | instanceMemoryMB | maximumInstanceCount | alwaysReady | maxBody) printf '%s\n    "%s": { "value": %s }' "$separator" "${pair%%=*}" "${pair#*=}" ;;
		*) printf '%s\n    "%s": { "value": %s }' "$separator" "${pair%%=*}" "$(quote "${pair#*=}")" ;;
		esac
		separator=,
	done
	printf '\n  }\n}\n'
}

# The secret travels in a file that only this user may read: a command's
# arguments are open to every user of the machine.
umask 077
file=$(mktemp "${TMPDIR:-/tmp}/labelhook.XXXXXX")
trap 'rm -f "$file"' EXIT
shown=$secret shown_previous=$previous
if [ -n "$dry" ]; then # none of these is for anybody's eyes
	shown=${secret:+…} shown_previous=${previous:+…}
	destinations=$(shown "$destinations") dead_letter=$(shown "$dead_letter") overflow=$(shown "$overflow") worker_destinations=$(shown "$worker_destinations")
fi
parameters "name=$name" "location=$location" "webhookSecret=$shown" "previousSecret=$shown_previous" "readVault=$read_vault" \
	"destinations=$destinations" "deadLetter=$dead_letter" "overflow=$overflow" "events=$events" "maxBody=$max_body" "logLevel=$log_level" \
	"runtimeVersion=$runtime_version" "instanceMemoryMB=$memory" "maximumInstanceCount=$max_instances" "alwaysReady=$always_ready" \
	"worker=$worker" "workerDestinations=$worker_destinations" "alarmEmail=$alarm_email" >"$file"

if [ -n "$dry" ] || [ "$(az group exists --name "$group")" = false ]; then
	run az group create --name "$group" --location "$location" --tags "labelhook=$name" --output none
	# A vault outlives its group for a week, and its name with it: it goes on with
	# the secrets that it has.
	deleted="[?properties.tags.labelhook=='$name' && contains(properties.vaultId, '/$group/')].name"
	if [ -n "$dry" ]; then
		run az keyvault list-deleted --resource-type vault --query "$deleted" --output tsv
	else
		for vault in $(az keyvault list-deleted --resource-type vault --query "$deleted" --output tsv); do
			say "recovering the key vault $vault, which was there before"
			run az keyvault recover --name "$vault" --resource-group "$group" --location "$location" --output none
		done
	fi
fi
run "$here/build.sh" ${package:+"--package=$package"}
! $worker || run "$here/build.sh" --worker ${worker_package:+"--package=$worker_package"}
if [ -n "$dry" ]; then
	run az deployment group create --resource-group "$group" --name "labelhook-$name" --template-file main.bicep --parameters @parameters.json --output none
	echo '# parameters.json is a temporary file:'
	sed 's/^/# /' "$file"
else
	[ -n "$secret" ] || say "no LABELBOX_WEBHOOK_SECRET is set, so the key vault's stays as it is; without one there, the app answers 503"
	say "deploying storage, key vault and app; this takes some minutes"
	az deployment group create --resource-group "$group" --name "labelhook-$name" --template-file "$here/main.bicep" --parameters "@$file" --output none >&2
fi
# publish FOLDER APP: func publishes the folder that host.json is in. The app may have
# asked for the secret before it was allowed to.
publish() {
	if [ -n "$dry" ]; then run cd "$1"; else cd "$1"; fi
	run func azure functionapp publish "$2" --custom
	run az rest --method post --output none --url \
		"https://management.azure.com/subscriptions/{subscriptionId}/resourceGroups/$group/providers/Microsoft.Web/sites/$2/config/configreferences/appsettings/refresh?api-version=2022-03-01" ||
		say "the key vault reference could not be refreshed; if the app answers 503, run az functionapp restart --resource-group $group --name $2"
}
! $worker || publish "$here/worker" "$name-worker"
publish "$here" "$name"
if [ -n "$dry" ]; then
	run az deployment group show --resource-group "$group" --name "labelhook-$name" --query properties.outputs.url.value --output tsv
else
	az deployment group show --resource-group "$group" --name "labelhook-$name" --query properties.outputs.url.value --output tsv
	say "done; labelhook check URL tells whether it is alive and fails closed"
fi
