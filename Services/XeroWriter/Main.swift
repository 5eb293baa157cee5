import ServiceKit

/// Makes Xero equal to the plan.
@main
enum Main {
    static func main() async {
        await ServiceMain.run("xero-writer") { context in
            try Wiring(context: context).services()
        }
    }
}
