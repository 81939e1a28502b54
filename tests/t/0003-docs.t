#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The documents: man pages are clean mdoc, links lead somewhere, nothing speaks of the workshop.
. "${top_srcdir:-.}/tests/lib/tap.sh"

for page in "$top_srcdir"/man/*.[1-9]; do
	if have mandoc; then
		run mandoc -Tlint -Wwarning "$page"
		is "$status$out$err" 0 "$(basename "$page") is clean mdoc"
	else
		skip 1 "$why"
	fi
done
cd "$top_srcdir" || exit 99
for page in README.md docs/*.md; do
	broken=$(grep -o '](\([^)#]*\))' "$page" | sed 's/^](//; s/)$//' | grep -v '^https\?:' | while read -r link; do
		[ -e "$(dirname "$page")/$link" ] || echo "$link"
	done)
	is "$broken" '' "the links in $page lead somewhere"
done
for path in $(grep -oh '`\(src\|tests\|docs\|bench\|tools\|schema\|jobs\|shaders\)/[A-Za-z0-9_./-]*`' README.md docs/*.md | tr -d '`' | sort -u); do
	case $path in *NAME* | *NNNN*) continue ;; esac
	[ -e "$path" ] || missing="${missing:-} $path"
done
is "${missing:-}" '' 'the files that the documents name are there'
is "$(head -n 3 LICENSE | tr -s ' \n' ' ' | sed 's/^ //; s/ $//')" 'Apache License Version 2.0, January 2004' 'the licence'
without=$(grep -rL SPDX-License-Identifier src tests bench tools man quickstart check --include='*.[ch]' --include='*.def' --include='*.sh' \
	--include='*.t' --include='*.py' --include='*.mk' --include='*.[157]' --include=quickstart --include=check | grep -v -e filter-data.h -e /generated)
is "$without" '' 'every source file names its licence'
cd "$T" || exit 99
done_testing
