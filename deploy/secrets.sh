#!/bin/sh
# Makes the secrets of compose.yaml, once: random ones, in files of a folder.
#   deploy/secrets.sh FOLDER
# A container's user reads them through a mount, so the files are readable and the folder is yours alone.
set -eu
folder=${1:?"usage: $0 FOLDER"}
if [ -e "$folder/mongo_password" ]; then
    echo "$folder holds secrets already; they are left as they are" >&2
    exit 1
fi
umask 077
mkdir -p "$folder"
random() { head -c "$1" /dev/urandom | base64 | tr -d '=\n' | tr '+/' '-_'; }
put() { printf '%s\n' "$2" >"$folder/$1" && chmod 0444 "$folder/$1"; }

mongo=$(random 24)
redis=$(random 24)
put jwt_secret "$(random 32)"
put mongo_key "$(random 96 | tr -- '-_' '+/')"
put mongo_password "$mongo"
put mongo_url "mongodb://chatops:$mongo@mongo1,mongo2,mongo3/chatops?replicaSet=rs0&authSource=admin"
put redis_password "$redis"
put redis_url "redis://:$redis@redis:6379/0"
