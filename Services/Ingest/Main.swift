import ServiceKit

/// Receives storefronts' webhooks: verifies, stores, answers from the commit.
@main
enum Main {
    static func main() async {
        await ServiceMain.run("ingest") { context in
            try Wiring(context: context).services()
        }
    }
}
