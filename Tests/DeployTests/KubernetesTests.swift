import Foundation
import Testing
import Yams

@Suite("Kubernetes")
struct KubernetesTests {
    private static let folder = "deploy/kubernetes"
    private static let hasKustomize = Project.succeeds("command -v kustomize || kubectl kustomize --help")
    private static let hasValidator = Project.succeeds("command -v kubernetes-validate")

    private typealias Resource = [String: Any]

    /// Renders an overlay from a copy, beside which secrets can be made.
    private func rendered(_ overlay: String) throws -> String {
        let copy = FileManager.default.temporaryDirectory.appending(path: "kubernetes-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: copy) }
        let result = try Project.shell(
            """
            set -e
            cp -r \(Self.folder) \(copy.path)
            overlay=\(copy.path)/overlays/\(overlay)
            COUNTERFOIL_SECRETS=$overlay/secrets deploy/docker/secrets-make 2>/dev/null
            if command -v kustomize >/dev/null; then kustomize build "$overlay"; else kubectl kustomize "$overlay"; fi
            """)
        #expect(result.status == 0, "\(result.output)")
        return result.output
    }

    private func resources(_ yaml: String) throws -> [Resource] {
        try Yams.load_all(yaml: yaml).compactMap { $0 as? Resource }
    }

    private func pod(_ resource: Resource) -> Resource {
        let template = (resource["spec"] as? Resource)?["template"] as? Resource
        return template?["spec"] as? Resource ?? [:]
    }

    private func name(_ resource: Resource) -> String {
        (resource["metadata"] as? Resource)?["name"] as? String ?? ""
    }

    @Test("every file is named by the kustomization beside it, and every named file is there")
    func complete() throws {
        for path in Project.files(below: Self.folder, suffix: "kustomization.yaml") {
            let document = try #require(try Yams.load(yaml: Project.text(path)) as? Resource)
            let base = Project.root.appending(path: path).deletingLastPathComponent()
            let patches = (document["patches"] as? [Resource] ?? []).compactMap { $0["path"] as? String }
            let resources = document["resources"] as? [String] ?? []
            let components = document["components"] as? [String] ?? []
            for name in patches + resources + components {
                #expect(
                    FileManager.default.fileExists(atPath: base.appending(path: name).path), "\(path) names \(name)")
            }
            let names = try FileManager.default.subpathsOfDirectory(atPath: base.path)
            for name in names where name.hasSuffix(".yaml") && !name.hasSuffix("kustomization.yaml") {
                guard path.contains("/base/") || !name.contains("/") else { continue }
                #expect((patches + resources).contains(name), "\(path) does not name \(name)")
            }
        }
    }

    @Test(
        "every service is there with probes, time to stop, no rights and a disruption budget",
        .enabled(if: hasKustomize, "neither kustomize nor kubectl is installed"),
        arguments: ["single-node", "production"])
    func services(_ overlay: String) throws {
        let all = try resources(rendered(overlay))
        let budgets = Set(all.filter { $0["kind"] as? String == "PodDisruptionBudget" }.map(name))
        let deployments = all.filter { $0["kind"] as? String == "Deployment" }
        #expect(Set(deployments.map(name)) == Set(Project.services))
        for deployment in deployments {
            let (name, pod) = (name(deployment), pod(deployment))
            #expect(budgets.contains(name), "\(name) has no disruption budget")
            #expect((pod["terminationGracePeriodSeconds"] as? Int ?? 0) > 45, "\(name)")
            try expectNoRights(pod, name)
            let container = try #require((pod["containers"] as? [Resource])?.first)
            #expect(container["command"] as? [String] == [name])
            for (probe, path) in [
                ("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz"),
            ] {
                let request = (container[probe] as? Resource)?["httpGet"] as? Resource
                #expect(request?["path"] as? String == path, "\(name): \(probe)")
            }
            let limits = (container["resources"] as? Resource)?["limits"] as? Resource
            #expect(limits?["memory"] != nil, "\(name) has no limit")
        }
        let jobs = all.filter { $0["kind"] as? String == "Job" }
        #expect(jobs.map(name) == ["migrate"])
        for job in jobs { try expectNoRights(pod(job), "migrate") }
    }

    private func expectNoRights(_ pod: Resource, _ name: String) throws {
        #expect(pod["automountServiceAccountToken"] as? Bool == false, "\(name)")
        #expect((pod["securityContext"] as? Resource)?["runAsNonRoot"] as? Bool == true, "\(name)")
        let container = try #require((pod["containers"] as? [Resource])?.first)
        let context = container["securityContext"] as? Resource
        #expect(context?["readOnlyRootFilesystem"] as? Bool == true, "\(name)")
        #expect(context?["allowPrivilegeEscalation"] as? Bool == false, "\(name)")
        #expect((context?["capabilities"] as? Resource)?["drop"] as? [String] == ["ALL"], "\(name)")
    }

    @Test(
        "the queues that replicas are counted by are the pipeline's",
        arguments: ["storefront-sync.hinted.v1", "transformer.observed.v1"])
    func scaledQueues(_ queue: String) throws {
        #expect(try Project.text("\(Self.folder)/components/keda/scaled-objects.yaml").contains("queueName: \(queue)"))
        #expect(try Project.text("Shared/Messaging/PipelineTopology.swift").contains("\"\(queue)\""))
    }

    @Test(
        "the overlays keep to Kubernetes' schemas",
        .enabled(
            if: hasKustomize && hasValidator,
            "needs kubectl or kustomize, and kubernetes-validate (pip install kubernetes-validate)"),
        arguments: ["single-node", "production"])
    func valid(_ overlay: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "rendered-\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        try rendered(overlay).write(to: file, atomically: true, encoding: .utf8)
        // Resources of operators have no schema there; it says so and goes on.
        let result = try Project.shell("kubernetes-validate --strict \(file.path)")
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("deployment/ingest"), "\(result.output)")
    }
}
