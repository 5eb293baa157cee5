import CoreMetrics

/// What ingest counts; every instrument is made once.
struct IngestMetrics: Sendable {
    let duration = CoreMetrics.Timer(label: "ingest.request.duration")
    private let accepted = Self.deliveries("accepted")
    private let ignored = Self.deliveries("ignored")
    private let rejected = Self.deliveries("rejected")
    private let notStored = Self.deliveries("not_stored")
    private let unrecorded = Self.deliveries("unrecorded")

    private static func deliveries(_ outcome: String) -> Counter {
        Counter(label: "ingest.deliveries", dimensions: [("outcome", outcome)])
    }

    /// A delivery got a row.
    func stored(_ outcome: DeliveryRecord.Outcome) {
        switch outcome {
        case .accepted: accepted.increment()
        case .ignored: ignored.increment()
        case .rejected: rejected.increment()
        }
    }

    /// A delivery was answered without a row.
    func answered(_ status: Int) {
        if status == 503 { notStored.increment() } else { unrecorded.increment() }
    }
}
