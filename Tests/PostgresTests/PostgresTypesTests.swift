import Postgres
import TestSupport
import Testing

@Suite(
    "Values against a server",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct PostgresTypesTests {
    @Test("every type comes back as it was sent")
    func roundTrips() async throws {
        try await withTemporaryDatabase { client in
            let row = try await #require(
                client.query(
                    """
                    SELECT \("grüße 🧾 '; DROP")::text AS t, \(42)::int AS i, \(Int64.min)::bigint AS b,
                        \(true)::bool AS yes, \([0, 1, 255, 92] as [UInt8])::bytea AS raw,
                        \("12345678901234567890.120")::numeric AS n, \(nil as String?)::text AS missing,
                        \(#"{"b": 1, "a": [1.10, null]}"#)::jsonb AS j,
                        \("2026-01-31T10:00:00.123456Z")::timestamptz AT TIME ZONE 'UTC' AS at
                    """
                ).first)
            #expect(try row.decode("t") == "grüße 🧾 '; DROP")
            #expect(try row.decode("i", as: Int.self) == 42)
            #expect(try row.decode("b", as: Int64.self) == .min)
            #expect(try row.decode("yes", as: Bool.self))
            #expect(try row.decode("raw", as: [UInt8].self) == [0, 1, 255, 92])
            #expect(try row.decode("n") == "12345678901234567890.120")
            #expect(try row.decode("missing", as: String?.self) == nil)
            #expect(try row.decode("t", as: String?.self) == "grüße 🧾 '; DROP")
            #expect(try row.decode("j") == #"{"a": [1.10, null], "b": 1}"#)
            #expect(try row.decode("at") == "2026-01-31 10:00:00.123456")
        }
    }

    @Test("arrays come back as they were sent")
    func arrays() async throws {
        try await withTemporaryDatabase { client in
            let texts = ["", "NULL", "a,b", #"quote " and \ backslash"#, "{}", "grüße"]
            let optionals: [String?] = ["x", nil]
            let blobs: [[UInt8]] = [[], [0, 255], [7]]
            let row = try await #require(
                client.query(
                    """
                    SELECT \(texts)::text[] AS t, \(optionals)::text[] AS o, \([1, -2, 3])::bigint[] AS i,
                        \([] as [Int])::bigint[] AS none, \(blobs)::bytea[] AS b, \([true, false])::bool[] AS yes
                    """
                ).first)
            #expect(try row.decode("t") == texts)
            #expect(try row.decode("o") == optionals)
            #expect(try row.decode("i") == [1, -2, 3])
            #expect(try row.decode("none", as: [Int].self) == [])
            #expect(try row.decode("b") == blobs)
            #expect(try row.decode("yes") == [true, false])
        }
    }

    @Test("values of a megabyte and many rows pass")
    func large() async throws {
        try await withTemporaryDatabase { client in
            let text = String(repeating: "0123456789abcdef", count: 65_536)
            let raw = [UInt8](repeating: 0xA5, count: 1 << 20)
            let row = try await #require(client.query("SELECT \(text)::text AS t, \(raw) AS r").first)
            #expect(try row.decode("t") == text)
            #expect(try row.decode("r") == raw)
            let rows = try await client.query("SELECT n, n::text AS t FROM generate_series(1, 20000) AS n")
            #expect(rows.count == 20_000)
            #expect(try rows[19_999].decode("t") == "20000")
        }
    }

    @Test("a wrong column, type or NULL is a clear decoding error")
    func decodingErrors() async throws {
        try await withTemporaryDatabase { client in
            let row = try await #require(client.query("SELECT 'x' AS t, NULL AS n").first)
            let noColumn = #expect(throws: PostgresError.self) { try row.decode("u", as: String.self) }
            #expect(noColumn?.message == "the result has no column \"u\"; it has t, n")
            let wrongType = #expect(throws: PostgresError.self) { try row.decode("t", as: Int.self) }
            #expect(wrongType?.message == "column \"t\" cannot be read as Int")
            let null = #expect(throws: PostgresError.self) { try row.decode("n", as: String.self) }
            #expect(null?.message == "column \"n\" is NULL, which is no String")
            await #expect(throws: PostgresError.self) { try await client.query("SELECT \("nul \0 character")") }
        }
    }

    @Test("rows affected are counted")
    func affected() async throws {
        try await withTemporaryDatabase { client in
            try await client.execute("CREATE TABLE item (id int PRIMARY KEY)")
            #expect(try await client.execute("INSERT INTO item SELECT generate_series(1, 5)") == 5)
            #expect(try await client.execute("UPDATE item SET id = id + 10 WHERE id > \(3)") == 2)
            #expect(try await client.execute("DELETE FROM item") == 5)
            #expect(try await client.execute("DELETE FROM item") == 0)
        }
    }
}
