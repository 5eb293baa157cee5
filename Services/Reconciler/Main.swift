import ServiceKit

/// Compares what storefronts sold, what is recorded here and what Xero has.
@main
enum Main {
    static func main() async {
        await ServiceMain.run("reconciler", needs: [.database, .key]) { context in
            try Wiring(context: context).services()
        }
    }
}
