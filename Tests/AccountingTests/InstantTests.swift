import Accounting
import Testing

@Suite struct InstantTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2017-03-22T19:33:34Z", 1_490_211_214_000_000),
        ("2017-03-22T21:33:34+02:00", 1_490_211_214_000_000), ("2017-03-22T14:03:34-0530", 1_490_211_214_000_000),
        ("2017-03-22 19:33:34.5+00", 1_490_211_214_500_000), ("1969-12-31T23:59:59.999999Z", -1),
        ("2000-02-29T12:00:00.123456789z", 951_825_600_123_456),
    ])
    func `reads times with offsets`(text: String, microseconds: Int) throws {
        #expect(try #require(Instant(rfc3339: text)).microseconds == Int64(microseconds))
    }

    @Test(arguments: [
        "", "2017-03-22", "2017-03-22T19:33:34", "2017-02-29T00:00:00Z", "2017-13-01T00:00:00Z", "2017-01-01T24:00:00Z",
        "2017-01-01T00:60:00Z", "2017-01-01T00:00:00+1", "2017-01-01T00:00:00.Z", "2017-01-01T00:00:00ZZ",
        "2017-01-01X00:00:00Z",
        "0000-00-00T00:00:00Z",
    ])
    func `refuses what is no time with an offset`(text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }

    @Test func `a time known to be UTC need not say so`() {
        #expect(Instant(utc: "2017-03-22T19:33:34") == Instant(rfc3339: "2017-03-22T19:33:34Z"))
        #expect(Instant(utc: "2017-03-22T19:33:34+01:00") == Instant(rfc3339: "2017-03-22T18:33:34Z"))
        #expect(Instant(utc: "0000-00-00T00:00:00") == nil)
    }

    @Test func `prints what it reads`() throws {
        for text in [
            "2026-01-31T10:00:00Z", "2026-01-31T10:00:00.000001Z", "1969-07-20T20:17:40Z", "9999-12-31T23:59:59Z",
        ] {
            #expect(try #require(Instant(rfc3339: text)).rfc3339 == text)
        }
    }

    @Test func `knows the day at a place`() throws {
        let instant = try #require(Instant(rfc3339: "2026-01-31T23:30:00Z"))
        #expect(instant.date(utcOffsetSeconds: 0).description == "2026-01-31")
        #expect(instant.date(utcOffsetSeconds: 3600).description == "2026-02-01")
        #expect(instant.date(utcOffsetSeconds: -86_400).description == "2026-01-30")
    }

    @Test func `adds and subtracts durations`() throws {
        let instant = try #require(Instant(rfc3339: "2026-01-31T23:30:00Z"))
        #expect((instant + .seconds(1800)).rfc3339 == "2026-02-01T00:00:00Z")
        #expect((instant - .milliseconds(1)).rfc3339 == "2026-01-31T23:29:59.999000Z")
        #expect(instant + .hours(2) - instant == .seconds(7200))
        #expect(Instant.now() > instant - .seconds(86_400 * 3650))
    }

    @Test func `calendar dates count days over leap years`() throws {
        for days in stride(from: -719_162, through: 2_932_896, by: 97) {
            let date = CalendarDate(daysSince1970: days)
            #expect(date.daysSince1970 == days)
            #expect(CalendarDate(date.description) == date)
        }
        let date = try #require(CalendarDate("2024-02-28"))
        #expect(date.adding(days: 2).description == "2024-03-01")
        #expect(date.adding(days: -59).description == "2023-12-31")
        for text in [
            "2023-02-29", "2024-00-10", "2024-1-01", "2024-01-32", "24-01-01", "2024/01/01", "2024-01-01x",
            "-024-01-01",
        ] {
            #expect(CalendarDate(text) == nil)
        }
    }
}

extension Duration {
    fileprivate static func hours(_ hours: Int) -> Duration { .seconds(hours * 3600) }
}
