/// Xero's names of time zones.
public enum XeroTimeZone {
    /// The IANA name of a zone that Xero names, e.g. `Australia/Sydney` for `AUSEASTERNSTANDARDTIME`.
    /// - Parameter xeroName: Xero's name.
    /// - Returns: the IANA name; nil for a zone that is not known here.
    public static func name(_ xeroName: String) -> String? {
        names[xeroName.uppercased().filter { $0.isLetter || $0.isNumber }]
    }

    private static let names: [String: String] = [
        "UTC": "UTC", "GREENWICHSTANDARDTIME": "Atlantic/Reykjavik", "GMTSTANDARDTIME": "Europe/London",
        "WEUROPESTANDARDTIME": "Europe/Berlin", "CENTRALEUROPESTANDARDTIME": "Europe/Budapest",
        "CENTRALEUROPEANSTANDARDTIME": "Europe/Warsaw", "ROMANCESTANDARDTIME": "Europe/Paris",
        "EEUROPESTANDARDTIME": "Europe/Chisinau", "FLESTANDARDTIME": "Europe/Kiev",
        "GTBSTANDARDTIME": "Europe/Bucharest", "TURKEYSTANDARDTIME": "Europe/Istanbul",
        "RUSSIANSTANDARDTIME": "Europe/Moscow", "EGYPTSTANDARDTIME": "Africa/Cairo",
        "SOUTHAFRICASTANDARDTIME": "Africa/Johannesburg", "EAFRICASTANDARDTIME": "Africa/Nairobi",
        "WCENTRALAFRICASTANDARDTIME": "Africa/Lagos", "NAMIBIASTANDARDTIME": "Africa/Windhoek",
        "MOROCCOSTANDARDTIME": "Africa/Casablanca", "MAURITIUSSTANDARDTIME": "Indian/Mauritius",
        "ISRAELSTANDARDTIME": "Asia/Jerusalem", "JORDANSTANDARDTIME": "Asia/Amman",
        "MIDDLEEASTSTANDARDTIME": "Asia/Beirut", "ARABSTANDARDTIME": "Asia/Riyadh",
        "ARABIANSTANDARDTIME": "Asia/Dubai", "ARABICSTANDARDTIME": "Asia/Baghdad", "IRANSTANDARDTIME": "Asia/Tehran",
        "PAKISTANSTANDARDTIME": "Asia/Karachi", "INDIASTANDARDTIME": "Asia/Kolkata",
        "SRILANKASTANDARDTIME": "Asia/Colombo", "NEPALSTANDARDTIME": "Asia/Kathmandu",
        "BANGLADESHSTANDARDTIME": "Asia/Dhaka", "MYANMARSTANDARDTIME": "Asia/Yangon",
        "SEASIASTANDARDTIME": "Asia/Bangkok", "CHINASTANDARDTIME": "Asia/Shanghai",
        "SINGAPORESTANDARDTIME": "Asia/Singapore", "TAIPEISTANDARDTIME": "Asia/Taipei",
        "WAUSTRALIASTANDARDTIME": "Australia/Perth", "TOKYOSTANDARDTIME": "Asia/Tokyo",
        "KOREASTANDARDTIME": "Asia/Seoul", "AUSCENTRALSTANDARDTIME": "Australia/Darwin",
        "CENAUSTRALIASTANDARDTIME": "Australia/Adelaide", "EAUSTRALIASTANDARDTIME": "Australia/Brisbane",
        "AUSEASTERNSTANDARDTIME": "Australia/Sydney", "TASMANIASTANDARDTIME": "Australia/Hobart",
        "WESTPACIFICSTANDARDTIME": "Pacific/Port_Moresby", "CENTRALPACIFICSTANDARDTIME": "Pacific/Guadalcanal",
        "NEWZEALANDSTANDARDTIME": "Pacific/Auckland", "FIJISTANDARDTIME": "Pacific/Fiji",
        "TONGASTANDARDTIME": "Pacific/Tongatapu", "SAMOASTANDARDTIME": "Pacific/Apia",
        "HAWAIIANSTANDARDTIME": "Pacific/Honolulu", "ALASKANSTANDARDTIME": "America/Anchorage",
        "PACIFICSTANDARDTIME": "America/Los_Angeles", "USMOUNTAINSTANDARDTIME": "America/Phoenix",
        "MOUNTAINSTANDARDTIME": "America/Denver", "CENTRALSTANDARDTIME": "America/Chicago",
        "CANADACENTRALSTANDARDTIME": "America/Regina", "CENTRALAMERICASTANDARDTIME": "America/Guatemala",
        "CENTRALSTANDARDTIMEMEXICO": "America/Mexico_City", "EASTERNSTANDARDTIME": "America/New_York",
        "USEASTERNSTANDARDTIME": "America/Indiana/Indianapolis", "SAPACIFICSTANDARDTIME": "America/Bogota",
        "VENEZUELASTANDARDTIME": "America/Caracas", "ATLANTICSTANDARDTIME": "America/Halifax",
        "SAWESTERNSTANDARDTIME": "America/La_Paz", "PACIFICSASTANDARDTIME": "America/Santiago",
        "NEWFOUNDLANDSTANDARDTIME": "America/St_Johns", "ESOUTHAMERICASTANDARDTIME": "America/Sao_Paulo",
        "ARGENTINASTANDARDTIME": "America/Buenos_Aires", "SAEASTERNSTANDARDTIME": "America/Cayenne",
        "MONTEVIDEOSTANDARDTIME": "America/Montevideo", "AZORESSTANDARDTIME": "Atlantic/Azores",
        "CAPEVERDESTANDARDTIME": "Atlantic/Cape_Verde",
    ]
}
