#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Jobs that meddle with what vkjail writes while they run, callers in odd places, and what must not
# stand in a report.
. "${top_srcdir:-.}/tests/lib/tap.sh"
. "$top_srcdir/tests/lib/cases.sh"
need userns python3

echo precious >precious
mkdir place && cd place || exit

# ---- the report's place belongs to the job (--writable): what it puts there is replaced, never followed
# meddle WHAT SHELL-LINE: a job that does this to the running report.
meddle() {
	# The report exists before the job gets to it: it is waited for, not hoped for.
	run vkjail run --writable --bind "$T/precious" -- sh -c '
		while [ ! -e vkjail-report.json ]; do sleep 0.01; done; '"$2"'; exit 3'
	status_is 3 "$1: the outcome stays"
	ok "$1: the report is a file of its own" test -f vkjail-report.json -a ! -h vkjail-report.json
	is "$(reason_of vkjail-report.json) $(status_of vkjail-report.json)" 'exited 3' "$1: and the true one"
	cp vkjail-report.json "$T/reports/meddled-$tap_count.json"
	rm -rf vkjail-report.json
}
meddle 'removed' 'rm vkjail-report.json'
meddle 'a link to another file' 'rm vkjail-report.json; ln -s ../precious vkjail-report.json'
is "$(cat "$T/precious")" precious 'which is untouched'
meddle 'a link into nowhere' 'rm vkjail-report.json; ln -s /etc/nope vkjail-report.json'
meddle 'a FIFO' 'rm vkjail-report.json; mkfifo vkjail-report.json'
meddle 'a forged one' 'echo "{\"state\": \"done\", \"outcome\": {\"reason\": \"exited\"}}" >vkjail-report.json'
meddle 'a hard link to another file' 'rm vkjail-report.json; ln ../precious vkjail-report.json 2>/dev/null; :'
is "$(cat "$T/precious")" precious 'which is untouched as well'
run vkjail run --writable -- sh -c 'while [ ! -e vkjail-report.json ]; do sleep 0.01; done; rm vkjail-report.json; mkdir vkjail-report.json; echo x >vkjail-report.json/x; exit 3'
status_is 3 'a directory in its place: the outcome stays'
ok 'and the report is somewhere' test -f vkjail-report.json -o "$(printf '%s\n' "$err" | grep -c 'follows here instead')" = 1
cd "$T" && rm -rf place && mkdir place && cd place || exit

# ---- nothing secret in it
new_report
SECRET_TOKEN=hunter2-outer
export SECRET_TOKEN
run vkjail run --report "$R" --env PASSWORD=hunter2-flag -- sh -c 'echo $SECRET_TOKEN $PASSWORD; exit 1'
is "$out" 'hunter2-outer hunter2-flag' 'the job has its environment'
is "$(grep -c hunter2 "$R")" 0 'the report has no value of it'
unlike "$err" hunter2 'nor has stderr'

# ---- what was set up stands in it
mkdir in
new_report
run vkjail run --report "$R" --ro-bind "$T/precious:/opt/ro" --bind "$T/place/in:/opt/rw" --net host --seccomp none --hostname h -- true
is "$(python3 -c '
import json, sys
s = json.load(open(sys.argv[1]))["sandbox"]
m = {m["target"]: m["writable"] for m in s["mounts"]}
print(m["/opt/ro"], m["/opt/rw"], m["/usr"], s["seccomp"], s["network"], s["capabilities"], s["no_new_privs"])' "$R")" \
	'False True False none host none True' 'the report tells what was set up'
new_report
run vkjail run --report "$R" -- true
is "$(python3 -c 'import json, sys; print(*json.load(open(sys.argv[1]))["sandbox"]["namespaces"])' "$R")" \
	'user mount pid ipc uts network cgroup' 'and the namespaces'

# ---- callers in odd places
mkdir gone && cd gone && rmdir ../gone
new_report
run vkjail run --report "$R" -- true
judge 125 setup-failed 'cannot tell the working directory: No such file' 'a working directory that was removed'
like "$err" 'hint: change to an existing directory, or give one with --workdir' 'with advice'
new_report
run vkjail run --report "$R" --workdir "$T" -- pwd
judge 0 exited '' 'with --workdir it works'
cd "$T/place" || exit
mkdir 'new
line' && cd 'new
line' || exit
ends 0 exited '' 'a newline in the working directory' -- true
cd "$T/place" || exit
mkdir "$(printf 'b\377d')" && cd "$(printf 'b\377d')" || exit
does "$(pwd)" 'invalid UTF-8 in it' -- pwd
report_is "$R" .job.workdir "$T/place/b\\xffd" 'escaped in the report'
cd "$T/place" || exit
mkdir -p rel/sub
does "$T/place/rel" '--workdir is relative to the caller' --workdir ./sub/../rel -- pwd
printf 'workdir: sub\ncommand: [pwd]\n' >rel/job.yaml
does "$T/place/rel/sub" 'in a job file to the file' rel/job.yaml
does /opt/in '--workdir in a bind' --ro-bind "$T/place/rel:/opt/in" --workdir /opt/in -- pwd
does /opt/in/sub 'and below it' --ro-bind "$T/place/rel:/opt/in" --workdir /opt/in/sub -- pwd
does /opt/t 'and in a tmpfs' --tmpfs /opt/t --workdir /opt/t -- pwd
ends 125 setup-failed "workdir '/opt/in/nope'" 'one that is not in the bind' --ro-bind "$T/place/rel:/opt/in" --workdir /opt/in/nope -- pwd
ends 125 bad-job '^vkjail: .*/place/nope: cannot use the working directory: No such file' 'nor anywhere' --workdir nope -- pwd
mkdir "$(printf 'e\033[31m')" && cd e* || exit
run vkjail run --report none --workdir "$PWD/nope" -- true
is "$err" "vkjail: $T/place/e [31m/nope: cannot use the working directory: No such file or directory (ENOENT)" \
	'a name with an escape sequence does not reach the terminal as such'
cd / || exit
new_report
run vkjail run --report "$R" -- pwd
judge 0 exited "warning: the working directory '/' is private in the sandbox" 'in /'
is "$out" / 'it is the / of the sandbox'
cd /usr/share || exit
does /usr/share 'in a directory that is shown anyway' -- pwd
cd "$T" || exit
deep=$T/$(python3 -c 'print("/".join(["d" * 200] * 15))')
mkdir -p "$deep" && cd "$deep" || exit
does 3000 'three thousand bytes down' -- sh -c 'p=$(pwd); [ ${#p} -gt 3000 ] && echo 3000'
cd "$T" || exit
cd "$T/place" || exit
for home in "$T/place/../other" /bin/x /usr /tmp /etc relative ''; do
	run env HOME="$home" vkjail run --report none -- true
	is "$status:$err" 0: "HOME='$home'"
done
new_report
# Through a pipe: the limit would cut a file with what is said about it.
run sh -c '(ulimit -f 4; vkjail run --report "$1" -- true; echo "status $?" >&2) 2>&1 | cat >&2' sh "$R"
like "$err" '^status 0$' 'a file size limit of the caller does not end vkjail'
like "$err" 'cannot write the report: File too large' 'the report that does not fit is told'
printf '%s\n' "$err" | sed '1,/^vkjail: the report follows here instead$/d; /^status/d' >"$R"
is "$(reason_of "$R")" exited 'and goes to stderr'
run sh -c '(ulimit -f 1; vkjail run --report none -- true; echo "status $?" >&2) 2>&1 | cat >&2'
is "$err" 'status 0' 'nor keeps a very small one the sandbox from being made'
cd "$T" || exit
if [ "$(id -u)" != 0 ]; then
	mkdir closed && cd closed && chmod 0 . || exit
	ends 2 exited 'Permission denied' 'a directory without any rights: the job has none either' -- ls .
	cd "$T" && chmod 700 closed || exit
else
	skip 1 'root may enter everything'
fi
reports_valid
done_testing
