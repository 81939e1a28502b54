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
# Each line is typed into an interactive zsh, with TAB and Return; that inserts all that fits, and vkjail is a function
# that prints its arguments.
cat >complete.zsh <<'END'
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1= PS2= RPS1=; unsetopt beep prompt_cr prompt_sp; fpath=($top_builddir/completion $fpath)'
zpty -w z 'autoload -U compinit && compinit -u -D; zstyle ":completion:*" completer _all_matches _complete'
zpty -w z 'zstyle ":completion:*:all-matches" old-matches false; zstyle ":completion:*" insert true; bindkey "^I" complete-word'
zpty -w z 'vkjail() { print -r -- "GO""T:$*:" }; print -r -- "READ""Y"'
zpty -r z line '*READY*'
for typed; do
	zpty -w -n z "$typed"$'\t\n'
	zpty -r z line '*GOT:*:*'
	print -r -- "${${line#*GOT:}%:*}"
done
zpty -d z
END
if have zsh; then
	ok 'zsh can read its script' zsh -n "$top_builddir/completion/_vkjail"
	mkdir zsh && cd zsh && touch blur.yaml blur.png other.json && mkdir below || exit 99
	cat >../lines <<'END'
vkjail d|devices doctor
vkjail --h|--help
vkjail run --wal|run --wall
vkjail run --net |run --net host none
vkjail run --net=h|run --net=host
vkjail run --require memory,loc|run --require memory,locked-memory
vkjail run --input photo=bl|run --input photo=blur.png photo=blur.yaml
vkjail run --input=photo=blur.p|run --input=photo=blur.png
vkjail run --driver bl|run --driver blur.png blur.yaml
vkjail run --workdir be|run --workdir below
vkjail run bl|run blur.yaml
vkjail plan --wall 3s o|plan --wall 3s other.json
vkjail list re|list reasons
vkjail list --j|list --json
vkjail new im|new image
vkjail new image be|new image below
vkjail run -- cat bl|run -- cat blur.png blur.yaml
END
	set --
	while IFS='|' read -r typed _; do set -- "$@" "$typed"; done <../lines
	TERM=dumb timeout "$((60 * slower))" zsh -f ../complete.zsh "$@" >../typed 2>&1 </dev/null
	while IFS='|' read -r typed want; do
		read -r got <&3 || got=nothing
		is "$got" "$want" "zsh completes: $typed"
	done <../lines 3<../typed
else
	skip 1 "$why"
fi
done_testing
