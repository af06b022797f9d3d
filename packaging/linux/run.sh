#!/bin/sh
# Starts the app where there is a display, and the demo in the terminal where there is none.
set -eu
trunkline=$1
if [ "$(uname)" = Darwin ]; then
    exec "$trunkline"
fi
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    sh "$(dirname "$0")/system_packages.sh" run
    exec "$trunkline"
fi
echo "There is no display here, so this runs \`trunkline demo\` instead of the app."
exec "$trunkline" demo
