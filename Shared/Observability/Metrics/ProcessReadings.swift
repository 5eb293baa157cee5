import Glibc

/// The standard process metrics, read from `/proc` at every scrape.
///
/// Source: Prometheus, "Writing client libraries", section "Standard and runtime collectors".
public enum ProcessReadings {
    /// Resident memory, CPU time, open descriptors and threads of this process; what cannot be read is left out.
    public static func collect() -> [PrometheusRegistry.Reading] {
        var readings: [PrometheusRegistry.Reading] = []
        let status = fields(ofStatus: text(ofFile: "/proc/self/status"))
        if let kilobytes = status["VmRSS"] {
            readings.append(.gauge("process_resident_memory_bytes", kilobytes * 1_024))
        }
        if let threads = status["Threads"] {
            readings.append(.gauge("process_threads", threads))
        }
        if let descriptors = openDescriptors() {
            readings.append(.gauge("process_open_fds", Double(descriptors)))
        }
        var time = timespec()
        if clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 {
            let seconds = Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
            readings.append(.counter("process_cpu_seconds_total", seconds))
        }
        return readings
    }

    /// The numbers of `Name:  123 kB` lines by name.
    static func fields(ofStatus text: String) -> [String: Double] {
        var fields: [String: Double] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(whereSeparator: { $0 == ":" || $0 == "\t" || $0 == " " })
            guard parts.count >= 2, let number = Double(parts[1]) else { continue }
            fields[String(parts[0])] = number
        }
        return fields
    }

    private static func text(ofFile path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 8_192)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    private static func openDescriptors() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return max(0, count - 3)  // ".", ".." and the directory's own
    }
}
