#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rooms keep to the table in docs/architecture.md, and the programs to their libraries.
. "${top_srcdir:-.}/tests/lib/tap.sh"

python3 - "$top_srcdir" >includes.txt <<'END'
import pathlib, re, sys
top = pathlib.Path(sys.argv[1])
rows = re.findall(r"^\| (\w+) \| ([^|]*)\|", (top / "docs/architecture.md").read_text().split("## Rooms")[1], re.M)
allowed = {room: {room, *(u.strip() for u in uses.split(",") if u.strip())} for room, uses in rows if room != "room"}
rooms = sorted(p.name for p in (top / "src").iterdir() if p.is_dir())
for room in rooms:
    bad = [] if room in allowed else [f"src/{room} has no row in docs/architecture.md"]
    for file in sorted((top / "src" / room).glob("*.[chd]*")):
        for used in re.findall(r'^\s*#\s*include "([^"]+)"', file.read_text(), re.M):
            if "/" in used and used.split("/")[0] not in allowed.get(room, ()) and used not in allowed.get(room, ()):
                bad.append(f"src/{room}/{file.name} includes {used}")
    print(room, "; ".join(bad) or "fine")
print("rows", "; ".join(f"the table has {r}, which is no directory" for r in allowed if r not in rooms) or "fine")
END
while read -r room verdict; do
	is "$verdict" fine "src/$room uses only what it may"
done <includes.txt
ok 'the table was read' grep -q '^base fine' includes.txt

# needed PROGRAM WANT...: its libraries are among those, apart from the C library and the compiler's.
needed() {
	program=$1
	shift
	if ! [ -x "$top_builddir/$program" ]; then
		fail "$program is built"
		return
	fi
	extra=
	for lib in $(readelf -d "$top_builddir/$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		case $lib in libc.so.* | ld-linux* | libm.so.* | libgcc_s.so.* | libasan.so.* | libubsan.so.*) continue ;; esac
		for want; do
			case $lib in "$want".so*) continue 2 ;; esac
		done
		extra="$extra $lib"
	done
	is "$extra" '' "$program links nothing but $*"
}
needed vkjail libseccomp libcap libjansson libyaml-0 libmd
needed vkjail-exec libvulkan libpng16 libz libmd libjansson
needed vkjail-compile libstdc++ libSPIRV-Tools libSPIRV-Tools-shared libglslang
needed libVkLayer_vkjail.so
needed vkjail-probe libvulkan libmd libjansson
needed vkjail-nvml libseccomp libcap
if [ -x "$top_builddir/vkjail-scope" ]; then
	needed vkjail-scope libsystemd
else
	skip 1 'no vkjail-scope (Debian: libsystemd-dev)'
fi
done_testing
