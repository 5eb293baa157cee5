import Accounting
import JSON
import Mapping
import Planning

/// A preview for programs.
enum PreviewJSON {
    static func value(_ preview: OrderPreview) -> JSONValue {
        var object: JSONObject = ["store": .string(preview.storeID)]
        if let order = preview.order {
            object["order"] = .string(order.number)
            object["currency"] = .string(order.currency.code)
            object["total"] = .string(order.totals.total.description)
            object["tax"] = .string(order.totals.totalTax.description)
        }
        switch preview.outcome {
        case .planned: object["outcome"] = "planned"
        case .ignored(let reason):
            object["outcome"] = "ignored"
            object["reason"] = .string(reason)
        case .held(let reason, let findings):
            object["outcome"] = "held"
            object["reason"] = .string(reason)
            object["findings"] = .array(findings.map { .string($0) })
        }
        if !preview.entries.isEmpty {
            object["summary"] = .array(
                preview.entries.map { entry in
                    var part = entry.content.object ?? [:]
                    part["source"] = .string(entry.source)
                    part["day"] = .string(entry.happenedOn.description)
                    return .object(part)
                })
        }
        object["anomalies"] = .array(
            preview.anomalies.map { found in
                [
                    "kind": .string(found.anomaly.kind.rawValue), "message": .string(found.anomaly.message),
                    "accepted": .bool(found.isAccepted),
                ]
            })
        object["documents"] = .array(preview.entries.isEmpty ? preview.documents.map(document) : [])
        return .object(object)
    }

    private static func document(_ document: OrderPreview.Document) -> JSONValue {
        let planned = document.planned
        var object: JSONObject = [
            "kind": .string(planned.kind.rawValue), "number": planned.number.map { .string($0) } ?? .null,
            "voided": .bool(planned.voided), "date": planned.date.map { .string($0.description) } ?? .null,
            "total": planned.total.map { .string($0.description) } ?? .null,
            "tax": planned.tax.map { .string($0.description) } ?? .null,
        ]
        object["lines"] = .array(
            document.lines.map { line in
                [
                    "description": .string(line.description), "quantity": .string(line.quantity.description),
                    "net": .string(line.net.description), "tax": .string(line.tax.description),
                    "account": .string(line.account), "tax_type": .string(line.taxType),
                    "item_code": line.itemCode.map { .string($0) } ?? .null,
                    "tracking": .object(JSONObject(line.tracking.map { ($0.category, .string($0.option)) })),
                ]
            })
        object["decided"] = .array(
            planned.decisions.map { decision in
                [
                    "line": decision.line.map { .number(JSONNumber($0 + 1)) } ?? .null,
                    "field": .string(decision.field), "value": .string(decision.value),
                    "by": .string(decision.because),
                ]
            })
        object["xero"] = planned.desired
        return .object(object)
    }
}
