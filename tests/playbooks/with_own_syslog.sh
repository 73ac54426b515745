#!/bin/sh
# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs a program with a /dev of its own, in which /dev/log is the given socket. That is where the C library writes what
# is for the system's log; nothing of the machine's own /dev changes. To be run in namespaces of its own, by
#     unshare --user --map-root-user --mount sh with_own_syslog.sh FOLDER SOCKET PROGRAM…
set -eu
folder=$1
socket=$2
shift 2
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/pts" "$folder/shm"
for name in null zero full random urandom tty; do
  : > "$folder/$name"
  mount --bind "/dev/$name" "$folder/$name"
done
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$folder/pts"
ln -s pts/ptmx "$folder/ptmx"
mount --rbind /dev/shm "$folder/shm"
ln -s /proc/self/fd "$folder/fd"
ln -s fd/0 "$folder/stdin"
ln -s fd/1 "$folder/stdout"
ln -s fd/2 "$folder/stderr"
: > "$folder/log"
mount --bind "$socket" "$folder/log"
mount --rbind "$folder" /dev
exec "$@"
