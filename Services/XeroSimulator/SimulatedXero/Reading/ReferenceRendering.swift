import Accounting
import JSON

extension OrganisationBook {
    /// The organisation as Xero shows it.
    func renderOrganisation() -> JSONValue {
        var object: JSONObject = [
            "OrganisationID": .string(organisationID), "Name": .string(definition.name),
            "LegalName": .string(definition.name), "PaysTax": true, "Version": .string(definition.country),
            "OrganisationType": "COMPANY", "BaseCurrency": .string(definition.currency),
            "CountryCode": .string(definition.country), "IsDemoCompany": true, "OrganisationStatus": "ACTIVE",
            "FinancialYearEndDay": 30, "FinancialYearEndMonth": 6, "SalesTaxBasis": "ACCRUALS",
            "DefaultSalesTax": "Tax Exclusive", "Timezone": .string(TimeZones.xeroName(definition.timeZone)),
            "OrganisationEntityType": "COMPANY", "ShortCode": .string("!\(organisationID.prefix(6))"),
            "Class": "PREMIUM", "Edition": "BUSINESS", "CreatedDateUTC": XeroDates.milliseconds(createdAt),
        ]
        if let lock = definition.periodLockDate.flatMap({ CalendarDate($0) }) {
            object["PeriodLockDate"] = XeroDates.milliseconds(lock)
        }
        if let lock = definition.endOfYearLockDate.flatMap({ CalendarDate($0) }) {
            object["EndOfYearLockDate"] = XeroDates.milliseconds(lock)
        }
        return .object(object)
    }

    /// An account as Xero shows it.
    func render(_ account: Account) -> JSONObject {
        var object: JSONObject = [
            "AccountID": .string(account.id), "Code": .string(account.code), "Name": .string(account.name),
            "Status": .string(account.isArchived ? "ARCHIVED" : "ACTIVE"), "Type": .string(account.type),
            "TaxType": .string(account.taxType), "Class": .string(account.class.rawValue),
            "EnablePaymentsToAccount": .bool(account.paymentsEnabled), "ShowInExpenseClaims": false,
            "UpdatedDateUTC": XeroDates.milliseconds(createdAt),
        ]
        if let system = account.systemAccount { object["SystemAccount"] = .string(system) }
        if account.type == "BANK" {
            object["BankAccountType"] = "BANK"
            object["CurrencyCode"] = .string(definition.currency)
        }
        return object
    }

    /// A tax rate as Xero shows it.
    func render(_ rate: TaxRate) -> JSONObject {
        let percent = ExactDecimal(rate.percent).map { JSONValue.fixed($0, 4) } ?? 0
        return [
            "Name": .string(rate.name), "TaxType": .string(rate.taxType),
            "ReportTaxType": .string(rate.taxType), "CanApplyToAssets": true, "CanApplyToEquity": true,
            "CanApplyToExpenses": .bool(rate.appliesToExpenses), "CanApplyToLiabilities": true,
            "CanApplyToRevenue": .bool(rate.appliesToRevenue), "DisplayTaxRate": percent, "EffectiveRate": percent,
            "Status": "ACTIVE",
            "TaxComponents": [["Name": .string(rate.name), "Rate": percent, "IsCompound": false]],
        ]
    }

    /// The connection as `GET /connections` shows it.
    func renderConnection(authEventID: String) -> JSONValue {
        [
            "id": .string(connectionID), "authEventId": .string(authEventID), "tenantId": .string(tenantID),
            "tenantType": "ORGANISATION", "tenantName": .string(definition.name),
            "createdDateUtc": XeroDates.utc(createdAt), "updatedDateUtc": XeroDates.utc(createdAt),
        ]
    }

    /// The currencies the organisation has enabled.
    func renderCurrencies() -> [JSONObject] {
        ([definition.currency] + definition.otherCurrencies).map { ["Code": .string($0), "Description": .string($0)] }
    }
}
