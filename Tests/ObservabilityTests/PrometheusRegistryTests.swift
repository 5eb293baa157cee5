import CoreMetrics
import Metrics
import Observability
import Testing

@Suite struct PrometheusRegistryTests {
    private func text(_ registry: PrometheusRegistry) -> String {
        String(decoding: registry.exposition(), as: UTF8.self)
    }

    @Test func `A counter is shown with its type, its labels and _total at its end`() {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "ingest.deliveries", dimensions: [("outcome", "accepted")], factory: registry)
        counter.increment(by: 3)
        counter.increment()
        let text = text(registry)
        #expect(text.contains("# TYPE ingest_deliveries_total counter\n"))
        #expect(text.contains("ingest_deliveries_total{outcome=\"accepted\"} 4\n"))
    }

    @Test func `A metric made again shares its series`() {
        let registry = PrometheusRegistry()
        Counter(label: "things", factory: registry).increment()
        Counter(label: "things", factory: registry).increment()
        #expect(text(registry).contains("things_total 2\n"))
    }

    @Test func `Gauges go up and down and take fractions`() {
        let registry = PrometheusRegistry()
        let gauge = Meter(label: "outbox.age", factory: registry)
        gauge.set(2.5)
        gauge.increment(by: 1)
        gauge.decrement(by: 3)
        #expect(text(registry).contains("# TYPE outbox_age gauge\noutbox_age 0.5\n"))
    }

    @Test func `A timer is a histogram in seconds with cumulative buckets`() {
        let registry = PrometheusRegistry(configuration: PrometheusConfiguration(durationBounds: [0.1, 1]))
        let timer = Metrics.Timer(label: "request.duration", factory: registry)
        timer.recordMilliseconds(250)
        timer.recordMilliseconds(62.5)
        timer.recordSeconds(5)
        #expect(
            text(registry).contains(
                """
                # TYPE request_duration_seconds histogram
                request_duration_seconds_bucket{le="0.1"} 1
                request_duration_seconds_bucket{le="1"} 2
                request_duration_seconds_bucket{le="+Inf"} 3
                request_duration_seconds_sum 5.3125
                request_duration_seconds_count 3

                """))
    }

    @Test func `A recorder that aggregates is a histogram, one that does not is a gauge`() {
        let registry = PrometheusRegistry(configuration: PrometheusConfiguration(bounds: ["batch": [10]]))
        Recorder(label: "batch", factory: registry).record(7)
        Recorder(label: "level", dimensions: [], aggregate: false, factory: registry).record(7)
        let text = text(registry)
        #expect(text.contains("batch_bucket{le=\"10\"} 1\n"))
        #expect(text.contains("# TYPE level gauge\nlevel 7\n"))
    }

    @Test func `Names are made valid and label values cannot break out of their quotes`() {
        let registry = PrometheusRegistry()
        Counter(label: "9 lives/cat", dimensions: [("a-b", "say \"hi\"\n\\")], factory: registry).increment()
        #expect(text(registry).contains(#"_9_lives_cat_total{a_b="say \"hi\"\n\\"} 1"# + "\n"))
    }

    @Test func `Too many series of one name are hidden and counted`() {
        let registry = PrometheusRegistry(configuration: PrometheusConfiguration(seriesPerName: 2))
        for number in 0..<5 {
            Counter(label: "many", dimensions: [("id", "\(number)")], factory: registry).increment()
        }
        let text = text(registry)
        #expect(text.contains("many_total{id=\"1\"} 1\n"))
        #expect(!text.contains("many_total{id=\"2\"}"))
        #expect(text.contains("metrics_series_hidden_total 3\n"))
    }

    @Test func `One name keeps one type`() {
        let registry = PrometheusRegistry()
        Meter(label: "thing", factory: registry).set(1)
        Recorder(label: "thing", factory: registry).record(5)
        let text = text(registry)
        #expect(text.contains("thing 1\n"))
        #expect(!text.contains("thing_bucket"))
    }

    @Test func `Collectors are asked at every scrape`() {
        let registry = PrometheusRegistry()
        registry.addCollector { [.gauge("queue.depth", 12), .counter("reads_total", 3)] }
        let text = text(registry)
        #expect(text.contains("# TYPE queue_depth gauge\nqueue_depth 12\n"))
        #expect(text.contains("# TYPE reads_total counter\nreads_total 3\n"))
    }

    @Test func `The process tells its memory, descriptors and CPU time`() {
        let registry = PrometheusRegistry()
        registry.addCollector(ProcessReadings.collect)
        let text = text(registry)
        for name in ["process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"] {
            #expect(text.contains("\n\(name) "), "\(name)")
        }
    }

    @Test func `Increments from many tasks all count`() async {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "parallel", factory: registry)
        let recorder = Recorder(label: "sizes", factory: registry)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 {
                        counter.increment()
                        recorder.record(2)
                    }
                }
            }
        }
        let text = text(registry)
        #expect(text.contains("parallel_total 8000\n"))
        #expect(text.contains("sizes_sum 16000\nsizes_count 8000\n"))
    }
}
