#!/bin/sh
# Installs the npm programs that the tests start ("tools"; "clients": the AI apps) or the benchmarks
# ("peers"), into .node/.
# Never fails: without npm or its registry it prints the reason, and what needs them is skipped.
# No script of any package is run.
set -u
here=$(cd "$(dirname "$0")" && pwd)
case "${1:-tools}" in
tools) from=$here ;;
clients|peers) from=$here/$1 ;;
*) echo "usage: install.sh tools|clients|peers" >&2; exit 2 ;;
esac
into=$here/../../.node/${1:-tools}

cmp -s "$from/package-lock.json" "$into/.installed" && exit 0
if ! command -v npm >/dev/null 2>&1; then
    echo "npm is not installed: what needs the npm ${1:-tools} is skipped." >&2
    exit 0
fi
echo "Installing the npm ${1:-tools} into .node …"
mkdir -p "$into"
rm -f "$into/.installed"
cp "$from/package.json" "$from/package-lock.json" "$from/.npmrc" "$into/"
if said=$(cd "$into" && npm ci --ignore-scripts --loglevel=error --fetch-retries=1 --fetch-timeout=60000 2>&1); then
    cp "$from/package-lock.json" "$into/.installed"
else
    echo "npm could not install them; what needs them is skipped:" >&2
    printf '%s\n' "$said" | head -n 4 | cut -c -160 >&2
fi
exit 0
