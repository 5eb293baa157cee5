import Accounting
import JSON

/// Everything the simulated Xero knows.
struct SimulatorState: Sendable {
    var settings: SimulatorSettings
    /// Settings of single organisations, where they differ.
    var overrides: [String: SimulatorSettings] = [:]
    let seed: UInt64
    private(set) var keys: [String] = []
    private var positions: [String: Int] = [:]
    private var positionsByTenant: [String: Int] = [:]
    var books: [OrganisationBook] = []
    var traffic: [OrganisationTraffic] = []
    var memories: [IdempotencyMemory] = []
    var desk = TokenDesk()
    var faults = FaultPlan()
    var faultCounts: [String: Int] = [:]
    var appMinutes: [String: FixedWindow] = [:]
    var tokenGenerator: SeededGenerator
    var journal = Journal()
    var samples = RequestSamples()

    init(organisations: [OrganisationDefinition], settings: SimulatorSettings, seed: UInt64, now: Instant) {
        self.settings = settings
        self.seed = seed
        tokenGenerator = SeededGenerator(seed: SeededGenerator.seed(seed, "tokens"))
        for definition in organisations { define(definition, now: now) }
    }

    func position(_ key: String) -> Int? { positions[key] }

    func position(tenant: String) -> Int? { positionsByTenant[tenant.lowercased()] }

    func settings(for key: String?) -> SimulatorSettings { key.flatMap { overrides[$0] } ?? settings }

    /// Adds an organisation, or changes the definition of one that exists and keeps its books.
    /// - Parameter createdAt: When its books were begun; books begun at another time are begun again.
    mutating func define(_ definition: OrganisationDefinition, now: Instant, createdAt: Instant? = nil) {
        desk.clients[definition.key] = TokenDesk.Client(id: definition.key, secret: definition.clientSecret)
        if let position = positions[definition.key] {
            if let createdAt, createdAt != books[position].createdAt {
                books[position] = OrganisationBook(definition: definition, seed: seed, now: createdAt)
                return
            }
            books[position].definition = definition
            books[position].taxRates = OrganisationBook.taxRates(of: definition)
            return
        }
        let position = books.count
        keys.append(definition.key)
        positions[definition.key] = position
        let book = OrganisationBook(definition: definition, seed: seed, now: createdAt ?? now)
        positionsByTenant[book.tenantID] = position
        books.append(book)
        let phase = SeededGenerator.seed(seed, "phase \(definition.key)") % 86_400_000_000
        traffic.append(OrganisationTraffic(phase: Int64(phase)))
        memories.append(IdempotencyMemory())
    }

    /// Empties all books and counts, and takes back faults and settings of single organisations.
    mutating func reset(now: Instant) {
        let definitions = books.map(\.definition)
        var fresh = SimulatorState(organisations: definitions, settings: settings, seed: seed, now: now)
        fresh.desk = desk
        fresh.tokenGenerator = tokenGenerator
        fresh.journal = journal
        for position in fresh.traffic.indices where position < traffic.count {
            fresh.traffic[position].inFlight = traffic[position].inFlight
        }
        self = fresh
    }

    /// The headers that tell how many calls are left.
    func limitHeaders(_ position: Int, clientID: String?) -> [(name: String, value: String)] {
        let limits = settings(for: keys[position])
        func left(_ limit: Int, _ used: Int) -> String { String(limit == 0 ? 99_999 : max(0, limit - used)) }
        return [
            ("X-DayLimit-Remaining", left(limits.dayLimit, traffic[position].day.count)),
            ("X-MinLimit-Remaining", left(limits.minuteLimit, traffic[position].minute.count)),
            (
                "X-AppMinLimit-Remaining",
                left(limits.appMinuteLimit, clientID.flatMap { appMinutes[$0]?.count } ?? 0)
            ),
        ]
    }
}
