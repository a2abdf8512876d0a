import { describe, expect, test } from "vitest";
import { Timestamp } from "./value.ts";
import { eachFailure, eachRow, evaluate } from "./expression.fixture.ts";

describe("type rules", () => {
  eachRow([
    ["event.data.n == 5", true],
    ["event.data.n == 5.0", true],
    ["event.data.n == 5u", true],
    ["5 == 5.0", true],
    ["event.data.n > 4", true],
    ["4 < 4.5", true],
    ["'200' == 200", false],
    ["'200' != 200", true],
    ["true == 1", false],
    ["[1, 2] == [1.0, 2.0]", true],
    ["event.data.map == {'name': 'pawl', 'a b': 1}", true],
    ["event.data.list == [1, 'two', {'id': 'a'}]", true],
    ["event.data.list == [1, 'two', {'id': 'b'}]", false],
    ["3.1 > null", true],
    ["null > 0", false],
    ["0 <= null", true],
    ["null < 'a'", true],
    ["null >= false", true],
    ["null <= null", true],
    ["'b' > 'a'", true],
    ["'\u{1F600}' > '\uFFFD'", true],
    ["event.data.big == 9007199254740993", false],
    ["'hi-' + 9.1", "hi-9.1"],
    ["'hi-' + event.data.n", "hi-5"],
    ["'x' + true", "xtrue"],
    ["'l' + [3, 'ok?', true]", "l[3 ok? true]"],
    ["'m' + {'name': 'inngest'}", "mmap[name:inngest]"],
    ["'a' + null", "a"],
    ["[1] + [2]", [1n, 2n]],
  ]);
  eachFailure([
    ["'a' > 5", /no order between string and int/],
    ["true > 0", /no order between bool and int/],
    ["event.data.list < event.data.list", /no order/],
    ["event.data.yes - 1", /operator -/],
  ]);
});

describe("arithmetic works between JSON numbers and whole literals", () => {
  eachRow([
    ["event.data.n + 1", 6],
    ["event.data.n - 1", 4],
    ["event.data.n * 2", 10],
    ["event.data.n / 2", 2.5],
    ["event.data.n % 3", 2],
    ["event.data.half + 1.0", 3.5],
    ["7 / 2", 3n],
    ["-7 % 3", -1n],
    ["int(event.data.n) + 1", 6n],
    ["2u + 1u == 3u", true],
    ["-event.data.n", -5],
  ]);
  eachFailure([
    ["1 / 0", /division by zero/],
    ["event.data.n / 0", /division by zero/],
    ["9223372036854775807 + 1", /overflow/],
    ["int('x')", /int\(\) cannot read/],
  ]);
});

describe("functions", () => {
  eachRow([
    ["size('h\u00e9llo')", 5n],
    ["size('\u{1F600}')", 1n],
    ["event.data.tags.size()", 2n],
    ["size(event.data.map)", 2n],
    ["event.data.text.contains('ell')", true],
    ["event.data.text.startsWith('he')", true],
    ["event.data.text.endsWith('lo')", true],
    ["event.data.text.matches('^h.*o$')", true],
    ["matches(event.data.text, 'l{2}')", true],
    ["'x' in event.data.tags", true],
    ["'name' in event.data.map", true],
    ["event.data.n in [1, 5]", true],
    ["lowercase(event.user.email)", "ada@example.com"],
    ["uppercase('stra\u00dfe')", "STRASSE"],
    ["b64decode(event.data.base64)", "hello"],
    ["b64decode('aGVs*junk')", "hel"],
    ["json_parse(event.data.json).k[0]", 1],
    ["json_parse('[1]') == {}", true],
    ["json_parse('nonsense') == {}", true],
    ["int(2.9)", 2n],
    ["int('42')", 42n],
    ["double('2.5')", 2.5],
    ["uint(3) == 3u", true],
    ["string(event.data.n)", "5"],
    ["string(12.5)", "12.5"],
    ["bool('true')", true],
    ["string(bytes('abc'))", "abc"],
    ["type('a') == string", true],
    ["type(1) == int && type(1.0) == double && type(null) == null_type", true],
    ["type(now()) == google.protobuf.Timestamp", true],
  ]);
  eachFailure([
    ["lowercase(5)", /lowercase\(\) needs a string/],
    ["event.data.n.contains('a')", /contains\(\) needs a string/],
    ["event.data.text.matches(event.data.text + '(')", /RE2/],
  ]);
});

describe("time", () => {
  eachRow([
    ["string(now())", "2026-01-31T09:30:15.25Z"],
    ["string(now_plus('1w2d3h'))", "2026-02-09T12:30:15.25Z"],
    ["string(now_minus('90m'))", "2026-01-31T08:00:15.25Z"],
    ["date(event.ts) == now()", true],
    ["date(int(event.ts)) == now()", true],
    ["string(date(1769851815))", "2026-01-31T09:30:15Z"],
    ["string(date(1769851815250000000))", "2026-01-31T09:30:15.25Z"],
    ["string(date('2026-01-31'))", "2026-01-31T00:00:00Z"],
    ["string(date('2026-01-31T09:30:15'))", "2026-01-31T09:30:15Z"],
    ["string(date('2026-01-31T09:30:15.5+02:00'))", "2026-01-31T07:30:15.5Z"],
    ["string(date('Sat, 31 Jan 2026 09:30:15 GMT'))", "2026-01-31T09:30:15Z"],
    ["string(date('31 Jan 26 09:30 UTC'))", "2026-01-31T09:30:00Z"],
    ["string(date('31 Jan 26 09:30 -0700'))", "2026-01-31T16:30:00Z"],
    ["string(date('Saturday, 31-Jan-26 09:30:15 UTC'))", "2026-01-31T09:30:15Z"],
    ["string(date('Sat Jan 31 09:30:15 -0700 2026'))", "2026-01-31T16:30:15Z"],
    ["string(date('Sat Jan 31 09:30:15 UTC 2026'))", "2026-01-31T09:30:15Z"],
    ["string(date('Sat Jan  3 09:30:15 2026'))", "2026-01-03T09:30:15Z"],
    ["string(date('2026-01-31 09:30:15.25 +0000 UTC'))", "2026-01-31T09:30:15.25Z"],
    ["string(date('Jan  3 09:30:15'))", "0000-01-03T09:30:15Z"],
    ["timestamp('2026-01-31T09:30:15Z').getFullYear()", 2026n],
    ["now().getMonth()", 0n],
    ["now().getDayOfMonth() + 1", 31n],
    ["now().getDate()", 31n],
    ["now().getDayOfWeek()", 6n],
    ["now().getDayOfYear()", 30n],
    ["now().getHours()", 9n],
    ["now().getHours('Europe/Berlin')", 10n],
    ["now().getHours('-02:30')", 7n],
    ["now().getMinutes() == 30 && now().getSeconds() == 15 && now().getMilliseconds() == 250", true],
    ["duration('1h30m').getMinutes()", 90n],
    ["now() - duration('1h') < now()", true],
    ["string(now() - (now() - duration('90s')))", "90s"],
    ["date(event.ts) > now_minus('5m')", true],
  ]);
  eachFailure([
    ["date(5)", /year 2000/],
    ["date('tomorrow')", /date\(\) cannot read/],
    ["now_plus('5 minutes')", /needs a duration/],
    ["now().getHours('Mars/Base')", /unknown time zone/],
  ]);
  test("a timestamp is a value of its own type", () => expect(evaluate("now()")).toBeInstanceOf(Timestamp));
});
