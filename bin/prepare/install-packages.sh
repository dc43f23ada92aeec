#!/bin/sh
# Install Debian packages without starting anything they bring: install-packages.sh PACKAGE... (as root).
#
# slapd and PostgreSQL would otherwise listen on every address from now on. Service starts are forbidden for this call
# only: the policy that was there comes back at the end, also after Ctrl+C, and whatever units are new stay disabled.
set -u
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
policy=/usr/sbin/policy-rc.d
former=$policy.before-appliance

put_back() {
    if [ -e "$former" ]; then mv -f "$former" "$policy"
    elif grep -qs 'appliance: no starts' "$policy"; then rm -f "$policy"
    fi
}

# Two calls at once would each take the other's policy for the former one.
exec 9>/run/lock/appliance-packages
flock 9
put_back    # a call that was killed may have left its policy
trap 'put_back' EXIT
trap 'exit 130' INT TERM HUP

if [ -e "$policy" ]; then cp -p "$policy" "$former" || exit 1; fi
printf '#!/bin/sh\n# appliance: no starts\nexit 101\n' > "$policy.new" && chmod 755 "$policy.new" && mv -f "$policy.new" "$policy" || exit 1

# shellcheck disable=SC2016
installed() { dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^ii *//p' | sort -u; }
before=$(mktemp)
installed > "$before"

apt-get -q -o DPkg::Lock::Timeout=300 update 9>&-
apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" 9>&-
status=$?

for package in $(installed | comm -13 "$before" -); do
    for unit in $(dpkg -L "$package" | sed -n -e 's|^/usr/lib/systemd/system/\([^/@]*\.\(service\|socket\|timer\)\)$|\1|p' \
            -e 's|^/lib/systemd/system/\([^/@]*\.\(service\|socket\|timer\)\)$|\1|p' -e 's|^/etc/init\.d/\([^/]*\)$|\1|p' | sort -u); do
        if command -v systemctl >/dev/null; then systemctl disable --quiet "$unit"
        elif [ -e "/etc/init.d/$unit" ]; then update-rc.d "$unit" disable
        fi
    done
done
rm -f "$before"
exit $status
