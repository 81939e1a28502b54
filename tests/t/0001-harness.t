#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The test library and the helper programs themselves: a failure must be seen as one.
. "${top_srcdir:-.}/tests/lib/tap.sh"

cat >inner.t <<'END'
. "$top_srcdir/tests/lib/tap.sh"
ok 'true' true
ok 'false' false
is a b 'differs'
like 'one
two' '^two$' 'a line'
unlike one one 'an unwanted line'
run sh -c 'echo out; echo err >&2; exit 7'
status_is 7 'status'
is "$out,$err" out,err 'captured'
skip 2 'because'
done_testing
END
VKJAIL_TEST_USER='' TMPDIR=$T
export VKJAIL_TEST_USER TMPDIR
run sh inner.t
status_is 1 'a test with failures ends with 1'
is "$(printf '%s\n' "$out" | grep -c '^ok ')" 6 'six cases are fine'
is "$(printf '%s\n' "$out" | grep '^not ok ')" "not ok 2 - false
not ok 3 - differs
not ok 5 - an unwanted line" 'three are not'
like "$out" '^ok 8 # SKIP because' 'a skip says why'
like "$out" '^1\.\.9$' 'the plan comes last'
is "$(ls -d vkjail-test.* 2>/dev/null)" '' 'its directory is gone'

printf '%s\n' '. "$top_srcdir/tests/lib/tap.sh"' 'need no-such-program' >inner.t
run sh inner.t
is "$status,$out" "0,1..0 # SKIP no program 'no-such-program'" 'a missing thing skips the test'
VKJAIL_TEST_REQUIRE='x no-such-program' run sh inner.t
status_is 1 'or fails it when it is required'
like "$out" '^not ok 1 - required: no-such-program' 'with its name'
printf '%s\n' '. "$top_srcdir/tests/lib/tap.sh"' 'pass one' 'exit 0' >inner.t
run sh inner.t
like "$out" '^Bail out!' 'a test that ends early is not a pass'

printf ':test-result: PASS\n:test-result: PASS\n' >a.trs
printf ':test-result: SKIP\n:test-result: FAIL\n' >b.trs
echo 'PASS: a.t 1' >a.log
printf 'SKIP: b.t 1 # SKIP no luck\nok 2\nFAIL: b.t 2 - d\n' >b.log
run sh "$top_srcdir/tests/lib/summary" a.trs
is "$status,$out" '0,2 passed, 0 failed, 0 skipped' 'the sum of passes'
run sh "$top_srcdir/tests/lib/summary" a.trs b.trs c.trs
status_is 1 'the sum of failures is a failure'
is "$(printf '%s\n' "$out" | tail -n 1)" '2 passed, 2 failed, 1 skipped' 'a test that did not run counts as failed'
like "$out" '^SKIP: b\.t 1 # SKIP no luck$' 'skips show their reason'

echo '{"a": {"b": ["x", 2]}}' >a.json
is "$(report_get a.json '.a.b[0]') $(report_get a.json '.a.b[#]') $(report_get a.json .a.b)" 'x 2 ["x", 2]' 'members of a report'
run report_get a.json .a.c
is "$status,$out" 1, 'an absent member'
echo '{"type": "object", "properties": {"a": {"type": "string"}}}' >schema.json
run python3 "$top_srcdir/tests/lib/validate.py" schema.json a.json
status_is 1 'a file that does not fit its schema is refused'
like "$out" 'a.json: .a: ' 'with the place'

use_helper hog flood forker spin try-syscall writefile
run ./hog 3M shared
is "$status,$out" 0,allocated 'hog takes memory'
run ./flood 100000
is "$status,${#out}" 0,100000 'flood writes'
run ./try-syscall getpid write,99999,0,1 mount
is "$(printf "%s" "$out" | tr "\n" " ")" "getpid: ok write: EBADF mount: EFAULT" 'try-syscall tells results apart'
run ./writefile f 10K
is "$out,$(wc -c <f)" 'wrote 10240,10240' 'writefile writes'
run ./spin 0 20
is "$status,$out" 0,ready 'spin burns CPU'
done_testing
