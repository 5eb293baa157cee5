import JSON
import Testing
import Yams

@Suite("Alert rules and dashboard")
struct MonitoringTests {
    private static let rules = "deploy/prometheus/counterfoil.rules.yml"
    private static let hasPromtool = Project.succeeds("command -v promtool")

    @Test("names are read from source and expressions as the registry and Prometheus read them")
    func reading() {
        let source = """
            Counter(label: "ingest.deliveries", dimensions: [])  CoreMetrics.Timer(label: "a.duration")
            Gauge(label: "open") .gauge("process_threads", 1)
            """
        #expect(
            MetricNames.exported(by: source) == [
                "ingest_deliveries_total", "a_duration_seconds_bucket", "a_duration_seconds_sum",
                "a_duration_seconds_count", "open", "process_threads",
            ])
        let expression = """
            histogram_quantile(0.9, sum by (le) (rate(a_bucket{x="no"}[5m]))) > 5e8 and max(b offset 1h) or vector(0)
            """
        #expect(MetricNames.used(by: expression) == ["a_bucket", "b"])
    }

    @Test("every metric of an alert rule is exported by a service")
    func ruleMetrics() throws {
        let exported = try MetricNames.exported()
        let document = try #require(try Yams.load(yaml: Project.text(Self.rules)) as? [String: Any])
        let groups = try #require(document["groups"] as? [[String: Any]])
        let rules = groups.flatMap { $0["rules"] as? [[String: Any]] ?? [] }
        #expect(rules.count >= 20)
        for rule in rules {
            let name = try #require(rule["alert"] as? String)
            let used = MetricNames.used(by: try #require(rule["expr"] as? String))
            #expect(!used.isEmpty && used.isSubset(of: exported), "\(name): \(used.subtracting(exported).sorted())")
            let annotations = rule["annotations"] as? [String: String] ?? [:]
            #expect(annotations["summary"] != nil && annotations["action"] != nil, "\(name) does not say what to do")
        }
    }

    @Test("every alert rule has a test of its own")
    func rulesAreTested() throws {
        let tests = try Project.text("deploy/prometheus/counterfoil.rules.test.yml")
        for match in try Project.text(Self.rules).matches(of: /- alert: (\w+)/) {
            #expect(tests.contains("alertname: \(match.1)"), "\(match.1) has no test")
        }
    }

    @Test("every metric of the dashboard is exported by a service")
    func dashboardMetrics() throws {
        let exported = try MetricNames.exported()
        let text = try Project.text("deploy/grafana/counterfoil.json")
        let dashboard = try JSONValue(parsing: Array(text.utf8))
        let panels = try #require(dashboard["panels"]?.array).filter { $0["type"]?.string != "row" }
        #expect(panels.count >= 20)
        for panel in panels {
            for target in panel["targets"]?.array ?? [] {
                let expression = try #require(target["expr"]?.string)
                let used = MetricNames.used(by: expression)
                #expect(
                    !used.isEmpty && used.isSubset(of: exported),
                    "\(panel["title"]?.string ?? ""): \(used.subtracting(exported).sorted())")
            }
        }
    }

    @Test(
        "promtool accepts the rules, their tests pass, and so does the example configuration",
        .enabled(if: hasPromtool, "promtool is not installed (it is in Debian's package prometheus)"),
        arguments: [
            "check rules counterfoil.rules.yml", "test rules counterfoil.rules.test.yml",
            "check config prometheus.yml",
        ])
    func promtool(_ arguments: String) throws {
        let result = try Project.shell("cd deploy/prometheus && promtool \(arguments)")
        #expect(result.status == 0, "\(result.output)")
    }
}
