/// Quantities written for people: short, with a unit, in plain ASCII digits whatever the locale.
package enum HumanFormat {
    /// A length of time such as "0.4 s", "12.3 s", "4 min 05 s", "2 h 07 min" or "3 d 04 h".
    package static func duration(_ duration: Duration) -> String {
        HumanFormat.seconds(duration.seconds)
    }

    /// A length of time given in seconds; "-" if it is negative or not finite.
    package static func seconds(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "-" }
        let whole = Int(seconds.rounded())
        switch whole {
        case ..<1: return "\(fixed(seconds, decimals: 2)) s"
        case ..<60: return "\(fixed(seconds, decimals: 1)) s"
        case ..<3600: return "\(whole / 60) min \(twoDigits(whole % 60)) s"
        case ..<86_400: return "\(whole / 3600) h \(twoDigits(whole % 3600 / 60)) min"
        default: return "\(whole / 86_400) d \(twoDigits(whole % 86_400 / 3600)) h"
        }
    }

    /// A number per second such as "41.2/s" or "3,120/s".
    package static func rate(_ perSecond: Double) -> String {
        "\(number(perSecond))/s"
    }

    /// A number with about three significant digits and separated thousands: "0.00312", "4.13", "41.2", "12,800".
    package static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-inf" : "inf" }
        let magnitude = value.magnitude
        if magnitude == 0 { return "0" }
        if magnitude >= 1e12 || magnitude < 1e-4 { return scientific(value) }
        if magnitude >= 99.95 { return separated(Int(value.rounded())) }
        if magnitude >= 9.995 { return fixed(value, decimals: 1) }
        if magnitude >= 0.9995 { return fixed(value, decimals: 2) }
        if magnitude >= 0.09995 { return fixed(value, decimals: 3) }
        return fixed(value, decimals: magnitude >= 0.009995 ? 4 : 5)
    }

    /// A whole number with separated thousands: "12,800".
    package static func count(_ value: Int) -> String { separated(value) }

    /// A share 0...1 in per cent with one decimal: "24.6%"; "-" if it is not finite.
    package static func percent(_ share: Double) -> String {
        share.isFinite ? "\(fixed(share * 100, decimals: 1))%" : "-"
    }

    /// A number of bytes such as "812 B", "3.1 kB" or "20.4 MB" (powers of 1000).
    package static func bytes(_ count: Int) -> String {
        var value = Double(count)
        for unit in ["B", "kB", "MB", "GB"] {
            if value.magnitude < 999.95 { return unit == "B" ? "\(count) B" : "\(fixed(value, decimals: 1)) \(unit)" }
            value /= 1000
        }
        return "\(fixed(value, decimals: 1)) TB"
    }

    /// A number with a fixed count of decimals, rounded half away from zero; "NaN" and "inf" for what is not finite.
    package static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-inf" : "inf" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (value.magnitude * scale).rounded()
        guard scaled < 9e15 else { return scientific(value) }
        let digits = Int(scaled)
        let sign = value < 0 && digits > 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(digits)" }
        let fraction = String(digits % Int(scale))
        let zeros = String(repeating: "0", count: decimals - fraction.count)
        return "\(sign)\(digits / Int(scale)).\(zeros)\(fraction)"
    }

    /// A number with at most so many decimals, without zeros at its end: "0.1", "-0.5", "3".
    package static func trimmed(_ value: Double, decimals: Int = 3) -> String {
        var text = fixed(value, decimals: decimals)
        guard text.contains("."), !text.contains("e") else { return text }
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    /// A number with three significant digits and an exponent: "3.12e-05".
    static func scientific(_ value: Double) -> String {
        var (mantissa, exponent) = (value.magnitude, 0)
        while mantissa >= 9.995 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        while mantissa < 0.9995 && mantissa > 0 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        let sign = exponent < 0 ? "-" : "+"
        return "\(value < 0 ? "-" : "")\(fixed(mantissa, decimals: 2))e\(sign)\(twoDigits(abs(exponent)))"
    }

    private static func separated(_ value: Int) -> String {
        var groups = String(value.magnitude)
        var index = groups.count - 3
        while index > 0 {
            groups.insert(",", at: groups.index(groups.startIndex, offsetBy: index))
            index -= 3
        }
        return value < 0 ? "-\(groups)" : groups
    }

    private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
