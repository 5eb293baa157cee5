/// What a connection is used for: the part of ``AMQPHandler`` that differs between publishers and consumers.
///
/// Confined to the connection's thread. A method that throws ends the connection, which is then made again.
protocol AMQPRole: AnyObject, SendableMetatype {
    /// What callers ask for.
    associatedtype Work: Sendable

    /// True if nothing is outstanding, so that a graceful stop can close.
    var isDrained: Bool { get }
    /// When `deadlineReached` has something to do.
    var deadline: ContinuousClock.Instant? { get }

    /// A connection is open and its topology declared.
    func opened(_ link: AMQPLink, epoch: UInt64) throws(RabbitMQError)
    /// A frame came.
    func received(_ frame: InboundFrame) throws(RabbitMQError)
    /// Work was asked for; there may be no connection.
    func take(_ work: Work, now: ContinuousClock.Instant)
    /// The input has just been pumped: write some of what there is to write; true if more can be written at once.
    func flush(_ link: AMQPLink, now: ContinuousClock.Instant) throws(RabbitMQError) -> Bool
    /// The round's state is consistent: resume waiters, hand deliveries on.
    func commit()
    /// The connection has ended; another may follow.
    func lost(_ error: RabbitMQError)
    /// A graceful stop begins; the link is open.
    func beginDraining(_ link: AMQPLink) throws(RabbitMQError)
    /// A moment named by `deadline` has come.
    func deadlineReached(now: ContinuousClock.Instant) throws(RabbitMQError)
    /// Nothing follows: answer everything that still waits, with this error.
    func ended(_ error: RabbitMQError)
}

/// What the thread of a connection is told.
enum AMQPCommand<Work: Sendable>: Sendable {
    /// Begin to connect.
    case start
    /// Stop gracefully.
    case finish
    /// Do something.
    case work(Work)
}
