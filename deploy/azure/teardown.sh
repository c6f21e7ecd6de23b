#!/usr/bin/env bash
# Removes what deploy.sh has made. See --help.
set -euo pipefail

help() {
	cat <<'HELP'
teardown.sh removes what deploy.sh has made: the resource group with the app,
its storage account AND EVERY DELIVERY IN IT, for good, and its key vault, which
Azure keeps for seven days more. It asks first.

usage: teardown.sh --name=APP [FLAG…]

  --name=APP              as given to deploy.sh
  --resource-group=GROUP  as given to deploy.sh (rg-APP)
  --yes                   do not ask
  --dry-run               print the commands, run nothing
  --help                  print this

A group that was there before deploy.sh is left alone: its resources are listed,
to be removed by whoever knows what else uses them.
HELP
}

say() { echo "teardown.sh: $*" >&2; }

fail() {
	echo "teardown.sh: error: $1" >&2
	echo "teardown.sh: hint: $2" >&2
	exit "${3:-1}"
}

name='' group='' yes='' dry=''
for flag; do
	case $flag in
	--name=?*) name=${flag#*=} ;;
	--resource-group=?*) group=${flag#*=} ;;
	--yes) yes=yes ;;
	--dry-run) dry=yes ;;
	--help) help && exit ;;
	*) fail "there is no flag \"${flag%%[=:]*}\", or it lacks a value" "see teardown.sh --help" 2 ;;
	esac
done
[ -n "$name" ] || fail "--name is missing" "name the function app, as for deploy.sh" 2
group=${group:-rg-$name}

if [ -n "$dry" ]; then
	cat <<COMMANDS
az group show --name $group --query tags.labelhook --output tsv
az resource list --resource-group $group --query '[].id' --output tsv
az group delete --name $group --yes
COMMANDS
	exit
fi

command -v az >/dev/null || fail "az is missing" "install the Azure CLI: https://aka.ms/azure-cli"
if [ "$(az group exists --name "$group")" = false ]; then
	say "there is no resource group $group"
	exit
fi
resources=$(az resource list --resource-group "$group" --query '[].id' --output tsv)
if [ "$(az group show --name "$group" --query tags.labelhook --output tsv)" != "$name" ]; then
	printf '%s\n' "$resources" >&2
	fail "the resource group $group was not made by deploy.sh --name=$name" "remove those of the resources above that nothing else uses"
fi
if [ -z "$yes" ]; then
	printf '%s\n' "$resources" >&2
	printf 'teardown.sh: remove all of these for good, with every delivery in them? Type %s: ' "$name" >&2
	IFS= read -r answer || answer=''
	[ "$answer" = "$name" ] || fail "not removed" "type the app's name to confirm, or give --yes"
fi
say "removing $group; this takes some minutes"
az group delete --name "$group" --yes >&2
say "removed; the key vault can be had back for seven days, and deploy.sh with the same names takes it up again"
