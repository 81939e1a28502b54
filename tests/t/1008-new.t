#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# vkjail new: which files it writes and where, and that nothing that was there before changes.
. "${top_srcdir:-.}/tests/lib/tap.sh"

# refused ERE WHAT ARGUMENT...: with status 125 and these words.
refused() {
	refused_words=$1 refused_what=$2
	shift 2
	run vkjail new "$@"
	status_is 125 "$refused_what"
	like "$err" "$refused_words" '... in these words'
	is "$out" '' '... and nothing is said to be written'
}

run vkjail new saxpy
is "$status:$out:$err" '0:wrote ./saxpy.yaml
wrote ./saxpy.comp
run it: vkjail run ./saxpy.yaml:' 'into the current directory'
is "$(echo *)" 'saxpy.comp saxpy.yaml' 'two files'
for name in saxpy.yaml saxpy.comp; do
	ok "$name is what the source has" cmp "$name" "$top_srcdir/src/cli/new/$name"
	is "$(stat -c %a "$name")" 644 '... with the usual rights'
done

run vkjail new -q image 'a b'
is "$status:$out:$err" 0:: 'quietly, into a directory that is made'
is "$(cd 'a b' && echo *)" 'image.comp image.yaml picture.png' 'with its picture'
run vkjail new reduction 'a b'
status_is 0 'a second kind beside the first'
for kind in saxpy image reduction; do
	run vkjail plan --report none "$(find . -name $kind.yaml)"
	status_is 0 "$kind: vkjail plan understands the job file"
done

echo mine >saxpy.comp
rm saxpy.yaml
refused './saxpy.comp: nothing is overwritten' 'a file that is there already' saxpy
is "$(cat saxpy.comp):$(echo saxpy*)" mine:saxpy.comp 'it stays, and nothing comes beside it'
rm saxpy.comp
ln -s elsewhere saxpy.comp
refused 'nothing is overwritten' 'a link that leads nowhere' saxpy
is "$(readlink saxpy.comp):$(echo elsewhere*)" 'elsewhere:elsewhere*' 'it is not followed'
rm saxpy.comp
refused 'cannot make the directory.*ENOENT' 'a directory of a directory that is missing' saxpy no/such
touch file
refused 'cannot open the directory.*ENOTDIR' 'a file in place of the directory' saxpy file
if have root; then
	setpriv --reuid=nobody --clear-groups true 2>/dev/null && mkdir locked && chmod 755 locked
	run as_user vkjail new saxpy locked
	is "$status:$(ls locked)" 125: 'a directory that may not be written stays empty'
else
	skip 1 "$why"
fi
(ulimit -f 6 && trap '' XFSZ && exec vkjail new image big) >.out 2>.err
is "$?:$(test -e big && echo there)" 125: 'when the disk is full nothing is left, the new directory neither'
like "$(cat .err)" 'picture.png: cannot be written.*EFBIG' 'and it is said why'

refused "there is no kind of job 'saxpi'" 'an unknown kind' saxpi
like "$err" "did you mean 'saxpy'" 'with the nearest one'
refused 'what kind of job' 'no kind'
like "$err" 'saxpy \(.*image \(.*reduction \(' 'with all of them'
refused 'unexpected argument' 'too many arguments' saxpy a b
refused 'empty' 'an empty directory' saxpy ''
refused 'takes no command' 'a command' saxpy -- true
refused 'no such option' 'an option of a run' --wall 3s saxpy
refused '\\x1b' 'a kind that would talk to the terminal' "$(printf '\033[2J')"
done_testing
