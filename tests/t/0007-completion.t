#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The completion scripts: what bash offers at each place, and that zsh can read its own.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need bash

touch blur.yaml blur.png other.json
cat >complete.bash <<'END'
. "$top_builddir/completion/vkjail"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_vkjail
printf '%s\n' "${COMPREPLY[@]}" | sort -u | tr '\n' ' '
END
# offers WANT WORD...: for the last word. As in bash, '=' is a word of its own.
offers() {
	want=$1
	shift
	run bash complete.bash "$@"
	is "$out$err" "$want" "completes: $*"
}
offers 'devices doctor ' vkjail d
offers '--wall ' vkjail run --wal
offers '--json ' vkjail list --j
offers 'host none ' vkjail run --net ''
offers 'host none ' vkjail run --net =
offers 'host ' vkjail run --net = h
offers 'blur.png blur.yaml ' vkjail run --driver bl
offers 'blur.png blur.yaml ' vkjail run --input photo = bl
offers 'locked-memory ' vkjail run --require loc
offers ' ' vkjail run --wall 3
offers 'blur.yaml ' vkjail run bl
offers 'blur.yaml other.json ' vkjail plan --wall 3s ''
offers 'reasons ' vkjail list re
offers 'image ' vkjail new im
offers '--help ' vkjail new --h
mkdir imagery
offers 'image imagery ' vkjail new im
rmdir imagery
offers 'blur.png blur.yaml ' vkjail run -- cat bl
if have zsh; then
	ok 'zsh can read its script' zsh -n "$top_builddir/completion/_vkjail"
else
	skip 1 "$why"
fi
done_testing
