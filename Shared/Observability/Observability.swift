import CoreMetrics
public import Logging

/// Sets a process's logging and metrics up, once, before anything else is made.
public enum Observability {
    /// Sends every logger of the process to standard output in one format; lines of a traced step name the trace.
    ///
    /// - Important: Call it once, before the first `Logger` is made.
    public static func bootstrapLogging(format: LogFormat, level: Logger.Level, sink: LogSink = .standardOutput) {
        LoggingSystem.bootstrap(
            { label, provider in
                StructuredLogHandler(
                    label: label, format: format, level: level, sink: sink, metadataProvider: provider)
            }, metadataProvider: TraceParent.logFields)
    }

    /// Has every metric of the process kept in one registry, with the process's own readings.
    ///
    /// - Important: Call it once, before the first metric is made.
    public static func bootstrapMetrics(_ configuration: PrometheusConfiguration = PrometheusConfiguration())
        -> PrometheusRegistry
    {
        let registry = PrometheusRegistry(configuration: configuration)
        registry.addCollector(ProcessReadings.collect)
        MetricsSystem.bootstrap(registry)
        return registry
    }
}
