#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where the report goes, what replaces what, and what happens when it cannot be had.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need python3

# litter: nothing that vkjail made beside a report is left anywhere here.
litter() { is "$(find "$T" -name '.*.*' -type f ! -name .out ! -name .err ! -name .ok)" '' "$1"; }

# ---- names
run vkjail run -- true
status_is 0 'without --report'
is "$(reason_of vkjail-report.json)" exited 'the report is vkjail-report.json'
cp vkjail-report.json reports/default.json
is "$(stat -c %a vkjail-report.json)" 644 'its mode follows the umask'
(umask 077 && vkjail run --report private.json -- true)
is "$(stat -c %a private.json)" 600 'also a strict one'
run vkjail run -- sh -c 'exit 9'
is "$(reason_of vkjail-report.json) $(status_of vkjail-report.json)" 'exited 9' 'an old report is replaced'
run vkjail run --bogus -- true
is "$(reason_of vkjail-report.json)" bad-job 'also by that of a run that was refused'
cp vkjail-report.json reports/refused.json
ends 0 exited '' 'a hard link to the old report' -- true
ln "$R" linked.json
before=$(cksum <linked.json)
run vkjail run --report "$R" -- sh -c 'exit 4'
is "$(cksum <linked.json)" "$before" 'keeps the old one whole'
env -u SLURM_JOB_ID vkjail run --name abc --report 'r-%n-%j-%h-%p-%%.json' -- true
set -- r-*
like "$1" "^r-abc-none-$(uname -n)-[0-9]+-%\.json$" '%n %j %h %p %%'
SLURM_JOB_ID=77 vkjail run --report 's-%j.json' -- true
ok '%j is the job id of Slurm' test -f s-77.json
report_is s-77.json .host.scheduler.slurm_job_id 77 'which the report has too'
SLURM_JOB_ID=../x vkjail run --report 't-%j.json' -- true
ok 'an id cannot leave the directory' test -f t-none.json
mv s-77.json t-none.json "$1" reports/
run vkjail run --report 'x%x.json' -- touch started
status_is 125 'an unknown letter after %'
like "$err" "^vkjail: --report: unknown '%x' in 'x%x\.json'" 'is named'
like "$err" "hint: %n is the job's name, %j" 'with what there is'
mkdir deep
printf 'command: [true]\nreport: own.json\n' >deep/job.yaml
run vkjail run deep/job.yaml
is "$(reason_of deep/own.json)" exited 'a path in a job file is relative to the file'
run vkjail run --report flag.json deep/job.yaml
is "$(reason_of flag.json)" exited 'a flag wins, and is relative to the caller'
mv flag.json deep/own.json reports/

# ---- stdout, none
run vkjail run --report - -- true
status_is 0 'the report on stdout'
printf '%s\n' "$out" >reports/stdout.json
is "$(reason_of reports/stdout.json)" exited 'is there'
run vkjail run --report - --wall soon -- true
printf '%s\n' "$out" >reports/stdout-bad.json
is "$status $(reason_of reports/stdout-bad.json)" '125 bad-job' 'also of a refused run'
mkdir none && cd none || exit
run vkjail run --report none -- true
is "$status $(ls)" '0 ' 'none is none'
run vkjail run --report none -- sh -c 'exit 5'
like "$err" 'exit status 5' 'the sentence still comes'
unlike "$err" 'report' 'and no word of a report'
cd "$T" || exit
new_report
run vkjail run --durable --report "$R" -- true
judge 0 exited '' '--durable'

# ---- while the job runs
mkfifo go
new_report
vkjail run --report "$R" -- sh -c 'read -r x <go' &
pid=$!
wait_for test -s "$R"
report_is "$R" .state running 'from the start there is a report'
report_is "$R" .supervisor_pid "$pid" 'with the supervisor in it'
cp "$R" reports/running.json
echo >go
wait "$pid"
report_is "$R" .state 'done' 'which is replaced at the end'

# ---- places that cannot be had: asked for, so nothing is started
# no_place PATH ERE WHAT
no_place() {
	rm -f started
	run vkjail run --writable --report "$1" -- touch started
	status_is 125 "$3: refused"
	like "$err" "^vkjail: $2" "$3: says why"
	ok "$3: nothing was started" test ! -e started
}
no_place no/such/r.json 'report: no/such/r\.json: cannot write: its directory cannot be opened: No such file' 'no directory'
no_place reports/1.json/r.json 'report: .*: Not a directory' 'below a file'
no_place deep 'report: deep: is a directory, expected a file' 'a directory'
no_place deep/ 'report: deep/: is not the name of a file' 'a trailing slash'
mkfifo fifo
no_place fifo 'report: fifo: is not a regular file' 'a FIFO'
no_place /dev/null 'report: /dev/null: is not a regular file' 'a device'
echo precious >precious
ln -s precious link.json
no_place link.json 'report: link\.json: is a symbolic link, which is not followed' 'a link'
is "$(cat precious)" precious 'and what it points to is untouched'
ln -s nowhere dangling.json
no_place dangling.json 'report: dangling\.json: is a symbolic link' 'a dangling link'
long=$(python3 -c 'print("x" * 300)')
no_place "$long" 'report: .*File name too long' 'a name that is too long'
no_place '' '--report: a path must not be empty' 'no name'
if [ "$(id -u)" != 0 ]; then
	mkdir locked && chmod 500 locked
	no_place locked/r.json 'locked/r\.json: cannot write the report: its directory is not writable' 'a directory without the right to write'
	cd locked || exit
	run vkjail run -- sh -c 'exit 6'
	status_is 6 'the default place not writable: the job runs'
	like "$err" 'vkjail-report\.json: cannot write the report' 'its absence is told'
	like "$err" 'hint: name another place with --report FILE' 'with advice'
	cd "$T" || exit
else
	skip 6 'root writes everywhere'
fi
litter 'nothing is left beside the reports'

# ---- a place that breaks while the job runs
mkdir gone
(
	mkfifo go2
	vkjail run --report gone/r.json -- sh -c 'read -r x <go2' 2>gone.err &
	pid=$!
	wait_for test -s gone/r.json
	rm -rf gone
	echo >go2
	wait "$pid"
	echo "$?" >gone.status
)
is "$(cat gone.status)" 0 'a directory that goes away does not change the outcome'
like "$(cat gone.err)" 'vkjail: .*gone/r\.json: cannot' 'the failure is told'
like "$(cat gone.err)" '^vkjail: the report follows here instead$' 'and the report goes to stderr'
sed '1,/^vkjail: the report follows here instead$/d' gone.err >reports/gone.json
is "$(reason_of reports/gone.json)" exited 'whole'

# ---- a full disk
cat >full.sh <<'S'
mount -t tmpfs -o size=64k,mode=777 full "$1/disk" || exit 99
cd "$1/disk" || exit 99
echo old >keep.json
dd if=/dev/zero of=fill bs=4k 2>/dev/null
vkjail run --report keep.json --ro-bind "$1" -- true
echo "status $?" >&2
cp keep.json "$1/kept"
ls -A | tr '\n' ' ' >"$1/listing"
vkjail run -- true 2>"$1/full2.err"
S
mkdir disk
if unshare -Urm true 2>/dev/null; then
	run unshare -Urm sh full.sh "$T"
	like "$err" 'keep\.json: cannot write.*: No space left on device' 'a full disk is told'
	like "$err" '^status 0$' 'and does not change the outcome'
	printf '%s\n' "$err" | sed -e '1,/^vkjail: the report follows here instead$/d' -e '/^status/d' >reports/full.json
	is "$(reason_of reports/full.json)" exited 'the report goes to stderr, whole'
	is "$(cat kept)" old 'the old file stays as it was'
	is "$(cat listing)" 'fill keep.json ' 'and nothing is left on the full disk'
	like "$(cat full2.err)" 'follows here instead' 'the same for the default place'
else
	skip 6 'no user and mount namespaces'
fi
run sh -c 'vkjail run --report - -- true >/dev/full'
like "$err" 'stdout: cannot write the report: No space left on device' 'full stdout is told'
printf '%s\n' "$err" | sed '1,/^vkjail: the report follows here instead$/d' >reports/stdout-full.json
is "$(reason_of reports/stdout-full.json)" exited 'and the report goes to stderr'
reports_valid
done_testing
