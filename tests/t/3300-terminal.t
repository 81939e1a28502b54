#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On a real terminal vkjail behaves as the bare command: typing, Ctrl-C, Ctrl-Z and fg, Ctrl-D, window size.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need userns python3 bash
use_helper sigreceive

# session WHAT: a script of pty-run.py on stdin. Echoed input is why what is expected is never what was sent.
session() {
	cat >script
	ok "$1" python3 "$top_srcdir/tests/lib/pty-run.py" script
}

session 'a job reads what is typed, until Ctrl-D' <<'END'
send vkjail run --report none -- sed -u s/typed/received/\n
send one typed\n
expect one received
send two typed\n
expect two received
send \x04
send echo status $?.\n
expect status 0\.
END
session 'the same through the pipes of an output limit' <<'END'
send vkjail run --report none --output 1M -- sed -u s/typed/received/\n
send one typed\n
expect one received
send \x04
send echo status $?.\n
expect status 0\.
END
session 'Ctrl-C ends the job and vkjail' <<'END'
send vkjail run -- sh -c 'echo rea""dy; sleep 60'\n
expect ready
send \x03
expect cancelled: vkjail got SIGINT
send echo status $?.\n
expect status 130\.
END
report_has 'and the report says so' vkjail-report.json .outcome.reason=cancelled .outcome.signal=INT
session 'Ctrl-C reaches a job that handles it; a second one ends the grace' <<'END'
send vkjail run --grace 1h -- ./sigreceive\n
expect ready
send \x03
expect SIGINT
send \x03
expect cancelled
send echo status $?.\n
expect status 130\.
END
session 'Ctrl-Z stops vkjail and the job; fg and bg go on' <<'END'
send vkjail run --report none -- sed -u s/typed/received/\n
send one typed\n
expect one received
send \x1a
expect Stopped
send jobs -l | grep -c vkj""ail\n
expect 1\n
send fg\n
expect vkjail run
send two typed\n
expect two received
send \x04
send echo status $?.\n
expect status 0\.
END
session 'while it is stopped the job is stopped' <<'END'
send vkjail run --report none -- sh -c 'echo rea""dy; while read -r line; do echo got $line; done'\n
expect ready
send \x1a
expect Stopped
send for p in $(pgrep -P $(pgrep -P $(jobs -p))); do grep State /proc/$p/status; done\n
expect State:\s+T
send fg\n
send hello\n
expect got hello
send \x04
END
session 'the idle limit does not count the time in which it was stopped' <<'END'
send vkjail run --report none --idle 2s -- sh -c 'echo rea""dy; read line; echo got $line; sleep 60'\n
expect ready
send \x1a
expect Stopped
send sleep 2.5; fg\n
expect vkjail run
send hello\n
expect got hello
expect idle: the job was ended
END
session 'stty inside: the size of the window, and its changes' <<'END'
size 33 101
send vkjail run --report none -- sh -c 'stty size; trap "stty size" WINCH; echo rea""dy; while :; do sleep 0.05; done'\n
expect 33 101
expect ready
size 44 120
expect 44 120
send \x03
expect cancelled
END
session 'Ctrl-\ is the affair of the job' <<'END'
send vkjail run --report none -- ./sigreceive 1 7\n
expect ready
send \x1c
expect SIGQUIT
send echo status $?.\n
expect status 7\.
END
session 'in a pipeline' <<'END'
send vkjail run --report none -- seq 5 | vkjail run --report none -- paste -sd+\n
expect 1\+2\+3\+4\+5
send yes | vkjail run --report none -- head -1 | tr y z\n
expect z
END
session 'in the background' <<'END'
send vkjail run --report none -- sh -c 'sleep 0.1; exit 4' & wait $!; echo status $?.\n
expect status 4\.
END
session 'python3 asks and is answered' <<'END'
send vkjail run --report none -- python3 -q\n
expect >>>
send 6*7000\n
expect 42000
send import sys; sys.stdin.isatty(), sys.stdout.isatty()\n
expect \(True, True\)
send exit()\n
expect \$
END
done_testing
