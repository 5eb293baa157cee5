import Testing

@testable import Ledger

@Suite("The life of a document")
struct DocumentMachineTests {
    private func machine(_ events: [DocumentMachine.Event]) throws -> DocumentMachine {
        var machine = DocumentMachine()
        for event in events { try machine.handle(event) }
        return machine
    }

    @Test("waits for what it needs, is sent and posted")
    func happyPath() throws {
        var machine = DocumentMachine()
        try machine.handle(.planned(changed: false, void: false, blocked: true))
        #expect(machine.state == .waiting)
        try machine.handle(.unblocked)
        #expect(machine.state == .ready)
        try machine.handle(.selected)
        #expect(machine.state == .sending)
        #expect(machine.sentVersion == 1)
        try machine.handle(.posted)
        #expect(machine.state == .posted)
        #expect(machine.postedVersion == 1)
    }

    @Test("a change while a call is on its way is sent afterwards, and the result applies to what was sent")
    func changedMeanwhile() throws {
        var machine = try machine([
            .planned(changed: false, void: false, blocked: false), .selected,
            .planned(changed: true, void: false, blocked: false),
        ])
        #expect(machine.state == .sending)
        #expect(machine.desiredVersion == 2)
        try machine.handle(.posted)
        #expect(machine.postedVersion == 1)
        #expect(machine.state == .waiting)
        #expect(machine.operation == .update)
    }

    @Test("what is uncertain cannot be selected again until it is looked up")
    func uncertain() throws {
        var machine = try machine([.planned(changed: false, void: false, blocked: false), .selected, .uncertain])
        #expect(machine.state == .uncertain)
        #expect(throws: DocumentMachine.Conflict.self) { try machine.handle(.selected) }
        var absent = machine
        try absent.handle(.absent)
        #expect(absent.state == .waiting)
        try machine.handle(.found)
        #expect(machine.state == .posted)
    }

    @Test("a final refusal is dead until it is retried; a changed plan is tried by itself")
    func refused() throws {
        var machine = try machine([.planned(changed: false, void: false, blocked: false), .selected, .refusedFinal])
        #expect(machine.state == .dead)
        var changed = machine
        try changed.handle(.planned(changed: true, void: false, blocked: false))
        #expect(changed.state == .ready)
        try machine.handle(.retried)
        #expect(machine.state == .waiting)
        #expect(throws: DocumentMachine.Conflict.self) { try machine.handle(.retried) }
    }

    @Test("unwanted before it was ever sent, nothing is sent; afterwards it is voided, for good")
    func voided() throws {
        let never = try machine([
            .planned(changed: false, void: false, blocked: true), .planned(changed: false, void: true, blocked: true),
        ])
        #expect(never.state == .superseded)
        var posted = try machine([
            .planned(changed: false, void: false, blocked: false), .selected, .posted,
            .planned(changed: false, void: true, blocked: false),
        ])
        #expect(posted.state == .ready)
        #expect(posted.operation == .void)
        try posted.handle(.selected)
        try posted.handle(.posted)
        #expect(posted.state == .voided)
        #expect(throws: DocumentMachine.Conflict.self) {
            try posted.handle(.planned(changed: true, void: false, blocked: false))
        }
    }

    @Test("a void that is wanted no longer leaves what Xero has, whatever became of it so far")
    func voidTakenBack() throws {
        let unsent = try machine([
            .planned(changed: false, void: false, blocked: false), .selected, .posted,
            .planned(changed: false, void: true, blocked: true), .planned(changed: false, void: false, blocked: true),
        ])
        #expect(unsent.state == .posted)
        let refused = try machine([
            .planned(changed: false, void: false, blocked: false), .selected, .posted,
            .planned(changed: false, void: true, blocked: false), .selected, .refusedFinal,
            .planned(changed: false, void: false, blocked: true),
        ])
        #expect(refused.state == .posted)
        var sending = try machine([
            .planned(changed: false, void: false, blocked: false), .selected, .posted,
            .planned(changed: false, void: true, blocked: false), .selected,
            .planned(changed: false, void: false, blocked: true),
        ])
        #expect(sending.state == .sending)
        try sending.handle(.posted)
        #expect(sending.state == .voided)
    }

    @Test("what may be in Xero and is not wanted is looked up, and voided if it is there")
    func doubtfulVoid() throws {
        var doubtful = try machine([.planned(changed: false, void: false, blocked: true)])
        doubtful.mayExist = true
        try doubtful.handle(.planned(changed: false, void: true, blocked: false))
        #expect(doubtful.state == .ready)
        #expect(doubtful.operation == .create)
        var absent = doubtful
        try absent.handle(.absent)
        #expect(absent.state == .superseded)
        try doubtful.handle(.found)
        #expect(doubtful.state == .waiting)
        #expect(doubtful.operation == .void)
    }

    @Test("totals that differ from what is wanted are held, not paid")
    func differing() throws {
        let machine = try machine([
            .planned(changed: false, void: false, blocked: false), .selected, .postedDiffering,
        ])
        #expect(machine.state == .held)
        #expect(machine.exists)
    }
}
