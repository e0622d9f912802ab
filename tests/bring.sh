#!/bin/sh
# Brings a program that the tests or benchmarks use (chromium, wrk), where this machine's Debian
# package manager can and may. Never fails: what is missing is reported by whoever needs it.
name=$1
command -v "$name" > /dev/null && exit 0
# Debian keeps PostgreSQL's programs out of the way, a directory for each version.
ls /usr/lib/postgresql/*/bin/"$name" > /dev/null 2>&1 && exit 0
case $name in
    ab) package=apache2-utils ;;
    h2load) package=nghttp2-client ;;
    postgres) package=postgresql ;;
    *) package=$name ;;
esac
command -v apt-get > /dev/null || exit 0
[ "$(id -u)" = 0 ] || exit 0
echo "installing $package"
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends "$package"; } > /dev/null 2>&1 || true
