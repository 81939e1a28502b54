# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # sourced after tap.sh, whose variables it uses
# Attacks (tests/attack): each is first seen to succeed without the defence, then in the sandbox, where it
# must get nothing. Prints the table at the end.
#
#   attack 'io_uring' io-uring              # outside; then with what stands in $inside
#   weak='--seccomp none' attack ...        # 'without' is the sandbox with these options
#   attacks_end

cp "$top_builddir/tests/attack/attack" "$T/" || exit 99
rows=$T/rows
: >"$rows"
inside='' weak=''

# why TEXT: the first line without the word in front.
first_line() { printf '%s\n' "$1" | head -n 1; }
row() { printf '%s | %s | %s\n' "$1" "$2" "$3" >>"$rows"; }
# attack_run OPTIONS ARGUMENT...: in the sandbox with these options (a list of words).
attack_run() {
	attack_options=$1
	shift
	# shellcheck disable=SC2086 # a list of options
	run vkjail run -q --report none $attack_options -- ./attack "$@"
}
# attack WHAT NAME [ARGUMENT...]
attack() {
	attack_what=$1
	shift
	if [ "$weak" ]; then attack_run "$weak" "$@"; else run ./attack "$@"; fi
	attack_without=$(first_line "$out")
	case $out in *EAFNOSUPPORT*) status=2 attack_without='cannot be tried: the kernel has no such sockets' ;; esac
	if [ "$status" = 2 ]; then
		skip 1 "$attack_what: $attack_without"
		row "$attack_what" "$attack_without" '-'
		return
	fi
	# What the kernel refuses an ordinary user anyway is tried as root.
	if [ "$status" != 0 ] && { [ "$(id -u)" = 0 ] || [ "$status" != 1 ]; }; then
		fail "$attack_what: succeeds without the defence"
		tap_show
		return
	fi
	attack_run "$inside" "$@"
	# 128 + SIGSYS, which the report calls syscall: 122.
	case $status in
	1) pass "$attack_what" ;;
	122 | 159) out='killed by SIGSYS' && pass "$attack_what" ;;
	*)
		fail "$attack_what"
		tap_show
		;;
	esac
	row "$attack_what" "$attack_without" "$(first_line "$out")"
}
# attack_services DIR: somebody of the host who listens: on a port (DIR/port), at an abstract socket, and at
# DIR/socket, where a descriptor of / is handed to everybody who asks.
attack_services() {
	mkfifo "$1/stop"
	python3 - "$1" "vkjail-attack-$$" <<'END' &
import array, os, select, socket, sys
where, name = sys.argv[1:]
tcp = socket.create_server(("127.0.0.1", 0))
abstract, giver = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
abstract.bind("\0" + name)
giver.bind(where + "/socket")
abstract.listen(), giver.listen()
os.chmod(where + "/socket", 0o777)
root = os.open("/", os.O_RDONLY)
with open(where + "/port.new", "w") as f:
    f.write(str(tcp.getsockname()[1]))
stop = os.open(where + "/stop", os.O_RDONLY | os.O_NONBLOCK)
os.rename(where + "/port.new", where + "/port")
poll = select.poll()
poll.register(stop, select.POLLIN)
for s in (tcp, abstract, giver):
    poll.register(s, select.POLLIN)
while True:
    for fd, _ in poll.poll():
        if fd == stop:
            sys.exit()
        peer = next(s for s in (tcp, abstract, giver) if s.fileno() == fd).accept()[0]
        if fd == giver.fileno():
            try:
                peer.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [root]))])
            except BrokenPipeError:
                pass  # it only wanted to connect
        peer.close()
END
	attack_services_pid=$! attack_services_stop=$1/stop
	wait_for test -e "$1/port"
}
attack_services_end() {
	echo >"$attack_services_stop"
	wait "$attack_services_pid"
}
attacks_end() {
	diag 'attack | without the defence | in the sandbox'
	diag "$(cat "$rows")"
}
