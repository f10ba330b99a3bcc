#!/bin/sh
# What the device itself has seen is on its standard output: logins by sshd, commands by zebra.
set -e
ssh-keygen -A
mkdir -p /run/sshd
install -d -o frr -g frr /run/frr
install -m 640 -o frr -g frrvty /dev/null /etc/frr/vtysh.conf
/usr/lib/frr/zebra --log stdout --log-level informational --command-log-always &
exec /usr/sbin/sshd -D -e -o LogLevel=VERBOSE -o UsePAM=no -o PrintMotd=no -o PrintLastLog=no
