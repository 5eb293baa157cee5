import JSON
import Mapping
import Yams

extension ParsedConfiguration {
    /// Every store's merged mapping makes sense, and so does every org's that no store uses; a problem is reported where the
    /// value stands, in the store or in its org.
    func checkMappings(_ root: Node, _ reader: inout ConfigurationReader) {
        var reported: Set<String> = []
        var unreachable: [String: [MappingProblem]] = [:]
        for entry in storeMappings {
            let org = entry.org.flatMap { orgMappings[$0] }
            guard org != nil || entry.org == nil || entry.mapping["accounts"]?["sales"] != nil else {
                // What it inherits is not known: only its own words can be checked.
                for problem in MappingChecks.problems(inUnused: entry.mapping) {
                    report(problem, entry, nil, root, &reported, &reader)
                }
                continue
            }
            let siblings = storeMappings.filter { $0.org == entry.org }.map { id(of: $0.fields) }
            let checks = MappingChecks(
                storeID: id(of: entry.fields), platform: entry.platform, storeIDs: siblings,
                reference: entry.org.flatMap { references[$0] })
            let found = checks.problems(
                in: MappingConfiguration.merged(org: org?.mapping ?? [:], store: entry.mapping))
            for problem in found.everywhere { report(problem, entry, org, root, &reported, &reader) }
            for problem in found.here {
                let isOwn = place(of: problem.path, entry, nil, root).line != nil
                if isOwn {
                    report(problem, entry, nil, root, &reported, &reader)
                } else if let org {
                    // Another store may need the rule: it is wrong only if it can fire in none.
                    let path = place(of: problem.path, entry, org, root).path
                    unreachable[path, default: []].append(problem)
                    guard unreachable[path]?.count == siblings.count else { continue }
                    report(problem, entry, org, root, &reported, &reader)
                }
            }
        }
        for (id, org) in orgMappings.sorted(by: { $0.key < $1.key })
        where !storeMappings.contains(where: { $0.org == id }) {
            for problem in MappingChecks.problems(inUnused: org.mapping) {
                report(problem, org, nil, root, &reported, &reader)
            }
        }
    }

    private func report(
        _ problem: MappingProblem, _ entry: MappingEntry, _ org: MappingEntry?, _ root: Node,
        _ reported: inout Set<String>, _ reader: inout ConfigurationReader
    ) {
        let place = place(of: problem.path, entry, org, root)
        guard reported.insert("\(place.path) \(problem.message)").inserted else { return }
        reader.report(place.line ?? entry.fields.line(of: "mapping"), place.path, problem.message)
    }

    /// Where a value of a merged mapping was written. A store's rules come before its org's.
    private func place(
        of path: MappingPath, _ entry: MappingEntry, _ org: MappingEntry?, _ root: Node
    ) -> (path: String, line: Int?) {
        let own = entry.fields.path + "." + path.description
        let rules = entry.mapping["rules"]?.array?.count ?? 0
        if case .key("rules")? = path.steps.first, path.steps.count > 1, case .index(let position) = path.steps[1] {
            if position < rules { return (own, Self.line(of: path, below: entry.fields.path, in: root)) }
            guard let org else { return (own, nil) }
            let inherited = MappingPath([.key("rules"), .index(position - rules)] + path.steps.dropFirst(2))
            return (
                "\(org.fields.path).\(inherited)", Self.line(of: inherited, below: org.fields.path, in: root)
            )
        }
        if let line = Self.line(of: path, below: entry.fields.path, in: root) { return (own, line) }
        if let org, let line = Self.line(of: path, below: org.fields.path, in: root) {
            return ("\(org.fields.path).\(path)", line)
        }
        return (own, Self.nearestLine(of: path, below: entry.fields.path, in: root))
    }

    /// The line of the innermost part of a path that is there.
    private static func nearestLine(of path: MappingPath, below entry: String, in root: Node) -> Int? {
        var path = path
        while path.steps.popLast() != nil {
            if let line = line(of: path, below: entry, in: root) { return line }
        }
        return nil
    }

    /// The line of the value at a path; nil if there is none.
    private static func line(of path: MappingPath, below entry: String, in root: Node) -> Int? {
        let above = entry.split(separator: ".").map { MappingPath.Step.key(String($0)) }
        var node = root
        var line: Int?
        for step in above + [.key("mapping")] + path.steps {
            switch step {
            case .key(let key):
                guard case .mapping(let mapping) = node,
                    let pair = mapping.first(where: { $0.key.scalar.map { $0.string == key } ?? false })
                else { return nil }
                line = pair.key.mark?.line
                node = pair.value
            case .index(let position):
                guard case .sequence(let sequence) = node, sequence.indices.contains(position) else { return nil }
                node = sequence[position]
                line = node.mark?.line ?? line
            }
        }
        return line
    }
}
