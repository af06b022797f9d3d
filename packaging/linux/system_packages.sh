#!/bin/sh
# Sees to the Debian packages that "run" (a window) or "test" (a whole desktop, more servers) needs:
# installs what is missing when it may, else prints the line to type. Never fails: what lacks them skips, loudly.
set -u
window="libegl1 libgl1 libfontconfig1 libdbus-1-3 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4
        libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0"
desktop="xvfb xauth dbus dbus-x11 gnome-keyring libsecret-1-0 openbox trayer xdotool imagemagick
         x11-utils xclip fonts-inter fonts-dejavu-core"
servers="postgresql pgbouncer nginx-light redis-server openssh-server sqlsmith iproute2
         postgresql-15-hypopg postgresql-15-postgis-3 postgresql-15-postgis-3-scripts postgresql-plpython3-15"

case "${1:-run}" in
run) wanted=$window ;;
test) wanted="$window $desktop $servers" ;;
*) echo "usage: system_packages.sh run|test" >&2; exit 2 ;;
esac

command -v dpkg-query >/dev/null 2>&1 || exit 0

is_there() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

missing=
for package in $wanted; do
    is_there "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    echo "Installing the system packages this needs:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # One at a time on failure, so that a package this release does not have spoils nothing else.
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -qq -y --no-install-recommends $missing >/dev/null 2>&1 ||
        for package in $missing; do
            apt-get install -qq -y --no-install-recommends "$package" >/dev/null 2>&1 ||
                echo "  not available: $package" >&2
        done
else
    echo "Some system packages are missing; what needs them will be skipped. To have everything:" >&2
    echo "  sudo apt-get install --no-install-recommends$missing" >&2
fi
