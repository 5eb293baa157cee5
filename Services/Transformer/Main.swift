import ServiceKit

/// Turns what storefronts said into the documents that Xero should have.
@main
enum Main {
    static func main() async {
        await ServiceMain.run("transformer") { context in try Wiring(context: context).services() }
    }
}
