/// How log lines are written: LOG_FORMAT.
public enum LogFormat: String, Sendable, CaseIterable {
    /// One JSON object a line, for machines.
    case json
    /// One readable line an event, for people.
    case text
}
