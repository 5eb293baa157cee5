import Yams

/// Makes the text of a configuration that may be kept and shown.
enum ConfigurationMasking {
    /// What stands in place of a secret that the file itself holds.
    static let mask = "********"

    private static let secretKeys: Set<String> = [
        "client_secret", "webhook_secret", "consumer_key", "consumer_secret",
    ]

    /// The document, its references as they stand, its literal secrets masked and without comments.
    static func masked(_ root: Node) -> String {
        (try? Yams.serialize(node: maskedNode(root), allowUnicode: true)) ?? ""
    }

    private static func maskedNode(_ node: Node) -> Node {
        switch node {
        case .mapping(let mapping):
            let pairs = mapping.map { pair -> (Node, Node) in
                if let key = pair.key.scalar?.string, secretKeys.contains(key) {
                    return (pair.key, maskedSecret(pair.value))
                }
                return (pair.key, maskedNode(pair.value))
            }
            return .mapping(Node.Mapping(pairs, mapping.tag, mapping.style))
        case .sequence(let sequence):
            return .sequence(Node.Sequence(sequence.map(maskedNode), sequence.tag, sequence.style))
        case .scalar, .alias:
            return node
        }
    }

    private static func maskedSecret(_ node: Node) -> Node {
        guard let scalar = node.scalar, EnvironmentReference.isOnlyReferences(scalar.string) else {
            return .scalar(Node.Scalar(mask))
        }
        return node
    }
}
