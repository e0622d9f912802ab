#!/bin/sh
# Brings a Debian package that the tests or benchmarks use (chromium, wrk), where this machine's
# package manager can and may. Never fails: what is missing is reported by whoever needs it.
name=$1
command -v "$name" > /dev/null && exit 0
command -v apt-get > /dev/null || exit 0
[ "$(id -u)" = 0 ] || exit 0
echo "installing $name"
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends "$name"; } > /dev/null 2>&1 || true
