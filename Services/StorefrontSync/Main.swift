import ServiceKit

/// Reads storefronts: what was hinted, and what changed since the last sweep.
@main
enum Main {
    static func main() async {
        await ServiceMain.run("storefront-sync") { context in
            try await Wiring(context: context).services()
        }
    }
}
