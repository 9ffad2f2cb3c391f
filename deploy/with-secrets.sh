#!/bin/sh
# Runs a command with secrets in its environment: each file of a folder becomes the variable of the same name.
#
#     with-secrets COMMAND [ARGUMENT ...]
#
# The folder is systemd's folder of credentials, or /run/secrets, as in containers. So secrets are in no configuration,
# no image and no list of processes. Files whose names are not in capitals are ignored.

set -eu

folder=${CREDENTIALS_DIRECTORY:-/run/secrets}
for file in "$folder"/*; do
    name=${file##*/}
    case $name in
        [!A-Z]* | *[!A-Z0-9_]*) continue ;;
    esac
    if [ ! -f "$file" ]; then
        continue
    fi
    if [ ! -r "$file" ]; then
        echo "with-secrets: $file cannot be read by user $(id -u): change its owner or its mode" >&2
        exit 2
    fi
    value=$(cat "$file")
    if [ -z "$value" ]; then
        echo "with-secrets: $file is empty: write the value of $name into it" >&2
        exit 2
    fi
    export "$name=$value"
done
exec "$@"
