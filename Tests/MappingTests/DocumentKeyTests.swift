import Mapping
import Testing

@Suite struct DocumentKeyTests {
    private let key = DocumentKey(orgID: "main", storeID: "shop", kind: .creditNote, sourceID: "5", part: "1")

    @Test func `a key is written and read back`() {
        #expect(key.text == "main/shop/credit_note/5/1")
        #expect(key.shortForm == "shop:credit_note:5:1")
        #expect(DocumentKey(key.text) == key)
        #expect(DocumentKey(key.reference, orgID: "main", storeID: "shop") == key)
        #expect("\(key.reference)" == "credit_note/5/1")
    }

    @Test(arguments: [
        "", "main/shop/credit_note/5", "main/shop/order/5/1", "main/shop/invoice//1", "a/b/invoice/5/1/2",
    ])
    func `what is no key is refused`(text: String) {
        #expect(DocumentKey(text) == nil)
    }

    @Test func `a reference names a document only as a whole`() {
        #expect(key.isNamed(in: "Order 5 [shop:credit_note:5:1]"))
        #expect(key.isNamed(in: "shop:credit_note:5:1"))
        #expect(!key.isNamed(in: "Order 5 [shop:credit_note:5:12]"))
        #expect(!key.isNamed(in: "[myshop:credit_note:5:1]"))
        #expect(!key.isNamed(in: ""))
    }
}
