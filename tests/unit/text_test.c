/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as people write them: every accepted form, every refused one with its exact message. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/auto.h"
#include "base/text.h"

/* bad: the text of the error; NULL: value is expected. */
struct number_row {
	const char *text;
	uint64_t value;
	const char *bad;
};

typedef int (*reader)(const char *s, const char *where, uint64_t *ret, struct err *e);

static void check_numbers(reader read, const struct number_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t v = 4711;
		struct err e = ERR_INIT;
		int r = read(rows[i].text, "--here", &v, &e);
		if (rows[i].bad) {
			assert_string_equal(r < 0 ? e.text : rows[i].text, rows[i].bad);
			assert_string_equal(e.object, "--here");
			assert_int_equal(e.kind, ERR_BAD);
			assert_int_equal(v, 4711);
		} else {
			assert_string_equal(e.text, "");
			assert_int_equal(r, 0);
			assert_int_equal(v, rows[i].value);
		}
	}
}

#define NOT_SIZE(s)     "expected a size such as 64MiB, got '" s "'"
#define NOT_DURATION(s) "expected a duration such as 30s, 250ms or 1h30m, got '" s "'"
#define NOT_COUNT(s)    "expected a whole number such as 64, got '" s "'"
#define BINARY          " (K, M and KiB, MiB both count in 1024)"
#define LARGE(s)        "'" s "' is too large"

static void test_size(void **state)
{
	(void)state;
	static const struct number_row rows[] = {
		{"0", 0, NULL},
		{"123", 123, NULL},
		{"123B", 123, NULL},
		{"1K", 1024, NULL},
		{"1KiB", 1024, NULL},
		{"512M", 512ULL << 20, NULL},
		{"512MiB", 512ULL << 20, NULL},
		{"1.5GiB", 1536ULL << 20, NULL},
		{"0.5K", 512, NULL},
		{"2T", 2ULL << 40, NULL},
		{"3PiB", 3ULL << 50, NULL},
		{"18446744073709551615", UINT64_MAX, NULL},
		{"16383P", 16383ULL << 50, NULL},
		{"16384P", 0, LARGE("16384P")},
		{"18446744073709551616", 0, LARGE("18446744073709551616")},
		{"99999999999999999999999G", 0, LARGE("99999999999999999999999G")},
		{"", 0, NOT_SIZE("")},
		{"64 megs", 0, NOT_SIZE("64 megs")},
		{" 64M", 0, NOT_SIZE(" 64M")},
		{"64M ", 0, NOT_SIZE("64M ")},
		{"+64M", 0, NOT_SIZE("+64M")},
		{"-1", 0, NOT_SIZE("-1")},
		{"nan", 0, NOT_SIZE("nan")},
		{"inf", 0, NOT_SIZE("inf")},
		{"1e308", 0, NOT_SIZE("1e308")},
		{"0x10", 0, NOT_SIZE("0x10")},
		{"1.5", 0, NOT_SIZE("1.5")},
		{"1.5B", 0, NOT_SIZE("1.5B")},
		{"1.G", 0, NOT_SIZE("1.G")},
		{".5G", 0, NOT_SIZE(".5G")},
		{"1.0000000001G", 0, NOT_SIZE("1.0000000001G")},
		{"M", 0, NOT_SIZE("M")},
		{"1MiBB", 0, NOT_SIZE("1MiBB")},
		{"1\x1b[31m", 0, NOT_SIZE("1\\x1b[31m")},
		{"1GB", 0, NOT_SIZE("1GB") ": write 1GiB" BINARY},
		{"512m", 0, NOT_SIZE("512m") ": write 512MiB" BINARY},
		{"1.5kb", 0, NOT_SIZE("1.5kb") ": write 1.5KiB" BINARY},
	};
	check_numbers(text_size, rows, COUNTOF(rows));
}

static void test_duration(void **state)
{
	(void)state;
	static const struct number_row rows[] = {
		{"0", 0, NULL},
		{"5ns", 5, NULL},
		{"10us", 10000, NULL},
		{"250ms", 250000000, NULL},
		{"1.5s", 1500000000, NULL},
		{"0.000000001s", 1, NULL},
		{"2m", 120000000000, NULL},
		{"1h", 3600000000000, NULL},
		{"1d", 86400000000000, NULL},
		{"1h30m", 5400000000000, NULL},
		{"1d2h3m4s5ms6us7ns", 93784005006007, NULL},
		{"1m1.5s", 61500000000, NULL},
		{"18446744073709551615ns", UINT64_MAX, NULL},
		{"18446744073709551616ns", 0, LARGE("18446744073709551616ns")},
		{"213504d", 0, LARGE("213504d")},
		{"213503d86400s", 0, LARGE("213503d86400s")},
		{"", 0, NOT_DURATION("")},
		{"30", 0, "'30' has no unit: write 30s for seconds, or use ms, m or h"},
		{"1.5", 0, "'1.5' has no unit: write 1.5s for seconds, or use ms, m or h"},
		{"-5s", 0, NOT_DURATION("-5s")},
		{"+5s", 0, NOT_DURATION("+5s")},
		{"nan", 0, NOT_DURATION("nan")},
		{"inf", 0, NOT_DURATION("inf")},
		{"1e308", 0, NOT_DURATION("1e308")},
		{"1e3s", 0, NOT_DURATION("1e3s")},
		{"5 s", 0, NOT_DURATION("5 s")},
		{"5S", 0, NOT_DURATION("5S")},
		{"5sec", 0, NOT_DURATION("5sec")},
		{"30m1h", 0, NOT_DURATION("30m1h")},
		{"1h1h", 0, NOT_DURATION("1h1h")},
		{"1.5h30m", 0, NOT_DURATION("1.5h30m")},
		{"1h30", 0, NOT_DURATION("1h30")},
		{"1.5ns", 0, NOT_DURATION("1.5ns")},
		{"s", 0, NOT_DURATION("s")},
	};
	check_numbers(text_duration, rows, COUNTOF(rows));
}

static void test_count(void **state)
{
	(void)state;
	static const struct number_row rows[] = {
		{"0", 0, NULL},
		{"007", 7, NULL},
		{"18446744073709551615", UINT64_MAX, NULL},
		{"18446744073709551616", 0, LARGE("18446744073709551616")},
		{"", 0, NOT_COUNT("")},
		{"-1", 0, NOT_COUNT("-1")},
		{"1.0", 0, NOT_COUNT("1.0")},
		{"1k", 0, NOT_COUNT("1k")},
		{"none", 0, NOT_COUNT("none")},
	};
	check_numbers(text_count, rows, COUNTOF(rows));
}

static void test_long_text_is_cut(void **state)
{
	(void)state;
	char text[4000];
	struct err e = ERR_INIT;
	uint64_t v;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(text_size(text, "--here", &v, &e), -1);
	assert_true(strlen(e.text) < 120);
	assert_non_null(strstr(e.text, "xxx...'"));
}

static void test_print_size(void **state)
{
	(void)state;
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0B"},
		{123, "123B"},
		{1023, "1023B"},
		{1024, "1KiB"},
		{64ULL << 20, "64MiB"},
		{1536ULL << 20, "1.5GiB"},
		{(64ULL << 20) + 1, "64MiB"},
		{(1ULL << 30) - 1, "1023.99MiB"},
		{1ULL << 60, "1024PiB"},
		{UINT64_MAX, "16383.99PiB"},
	};
	char buf[32];
	for (size_t i = 0; i < COUNTOF(rows); i++)
		assert_string_equal(text_print_size(rows[i].bytes, buf, sizeof buf), rows[i].text);
}

static void test_print_duration(void **state)
{
	(void)state;
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{0, "0s"},
		{1, "1ns"},
		{999, "999ns"},
		{1000, "1us"},
		{1500, "1.5us"},
		{999999, "999.999us"},
		{1000000, "1ms"},
		{250000000, "250ms"},
		{1234567, "1.235ms"},
		{999999999, "1s"},
		{1500000000, "1.5s"},
		{59999900000, "1m"},
		{120000000000, "2m"},
		{5400000000000, "1h30m"},
		{93784005000000, "1d2h3m4.005s"},
		{UINT64_MAX, "213503d23h34m33.709s"},
	};
	char buf[32];
	for (size_t i = 0; i < COUNTOF(rows); i++)
		assert_string_equal(text_print_duration(rows[i].ns, buf, sizeof buf), rows[i].text);
}

/* What is printed exactly can be read again. */
static void test_round_trip(void **state)
{
	(void)state;
	static const uint64_t values[] = {
		1, 999, 1000, 1048576, 1610612736, 250000000, 1500000000, 5400000000000};
	char buf[32];
	struct err e = ERR_INIT;
	for (size_t i = 0; i < COUNTOF(values); i++) {
		uint64_t v = 0;
		assert_int_equal(
			text_duration(text_print_duration(values[i], buf, sizeof buf), "", &v, &e),
			0);
		/* 1.610612736s is printed in milliseconds. */
		uint64_t expected = values[i] == 1610612736 ? 1611000000
				    : values[i] == 1048576  ? 1049000
							    : values[i];
		assert_int_equal(v, expected);
	}
	for (unsigned shift = 0; shift < 60; shift += 10) {
		uint64_t v = 0;
		assert_int_equal(
			text_size(text_print_size(3ULL << shift, buf, sizeof buf), "", &v, &e), 0);
		assert_int_equal(v, 3ULL << shift);
	}
}

static void test_nearest(void **state)
{
	(void)state;
	static const char *const names[] = {
		"wall", "cpu", "memory", "device-memory", "open-files", "tmp", NULL};
	static const struct {
		const char *given, *nearest;
	} rows[] = {
		{"wal", "wall"},
		{"walll", "wall"},
		{"wlal", "wall"},
		{"WALL", "wall"},
		{"memmory", "memory"},
		{"mem", "memory"},
		{"device_memory", "device-memory"},
		{"open_file", "open-files"},
		{"cup", "cpu"},
		{"x", NULL},
		{"", NULL},
		{"tmpfs-size", NULL},
		{"speed", NULL},
	};
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		const char *near = text_nearest(rows[i].given, names);
		assert_string_equal(
			near ? near : "none", rows[i].nearest ? rows[i].nearest : "none");
	}
	char longest[1000];
	memset(longest, 'w', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_null(text_nearest(longest, names));
}

static void test_to_utf8(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		size_t len;
		const char *out;
	} rows[] = {
		{"plain", 5, "plain"},
		{"gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f"},
		{"a\xff", 2, "a\\xff"},
		{"a\\\xff", 3, "a\\\\\\xff"},
		{"c:\\dir", 6, "c:\\dir"},
		{"\\xff", 4, "\\\\xff"},
		{"\\xfg", 4, "\\xfg"},
		{"a\0b", 3, "a\\x00b"},
		{"\xc0\x80", 2, "\\xc0\\x80"},
		{"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},
		{"\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"},
		{"\xf4\x8f\xbf\xbf", 4, "\xf4\x8f\xbf\xbf"},
		{"\xe2\x82", 2, "\\xe2\\x82"},
		{"\n\x1b", 2, "\n\x1b"},
	};
	char buf[64];
	for (size_t i = 0; i < COUNTOF(rows); i++)
		assert_string_equal(
			text_to_utf8(rows[i].in, rows[i].len, buf, sizeof buf), rows[i].out);
	/* Never half a character, never half an escape. */
	assert_string_equal(text_to_utf8("ab\xc3\xbc", 4, buf, 4), "ab");
	assert_string_equal(text_to_utf8("a\xff", 2, buf, 5), "a");
	assert_string_equal(text_to_utf8("a\xff", 2, buf, 6), "a\\xff");
	assert_string_equal(text_to_utf8("a", 1, buf, 1), "");
}

static void test_show(void **state)
{
	(void)state;
	char buf[8];
	assert_string_equal(text_show("1234567", buf, sizeof buf), "1234567");
	assert_string_equal(text_show("12345678", buf, sizeof buf), "1234...");
	assert_string_equal(
		text_show("123\xc3\xbc\xc3\xbc", buf, sizeof buf), "123\xc3\xbc\xc3\xbc");
	assert_string_equal(text_show("123\xc3\xbc\xc3\xbc!", buf, sizeof buf), "123...");
	assert_string_equal(text_show("\x1b", buf, sizeof buf), "\\x1b");
	assert_string_equal(text_show("\xff", buf, sizeof buf), "\\xff");
	assert_string_equal(text_show("\x7f\x01", buf, sizeof buf), "\\x7f...");
	/* The eight-bit form of ESC [ is a control character as well. */
	char wide[16];
	assert_string_equal(text_show("\xc2\x9b", wide, sizeof wide), "\\xc2\\x9b");
	assert_string_equal(text_show("\xc2\xa0", wide, sizeof wide), "\xc2\xa0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_long_text_is_cut),
		cmocka_unit_test(test_print_size),
		cmocka_unit_test(test_print_duration),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_to_utf8),
		cmocka_unit_test(test_show),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
