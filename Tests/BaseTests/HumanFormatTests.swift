import Base
import Testing

@Suite struct HumanFormatTests {
    @Test(arguments: [
        (0.0, "0.00 s"), (0.4, "0.40 s"), (12.34, "12.3 s"), (59.4, "59.4 s"), (59.7, "1 min 00 s"),
        (245, "4 min 05 s"), (7_620, "2 h 07 min"), (273_600, "3 d 04 h"), (-1, "-"), (.nan, "-"), (.infinity, "-"),
    ])
    func seconds_areWrittenWithTheirUnit(value: Double, text: String) {
        #expect(HumanFormat.seconds(value) == text)
    }

    @Test(arguments: [
        (0.0, "0"), (41.23, "41.2"), (4.126, "4.13"), (0.612_34, "0.612"), (0.031_26, "0.0313"), (0.003_126, "0.00313"),
        (12_800.4, "12,800"), (-1_234_567, "-1,234,567"), (3.123e-7, "3.12e-07"), (9.996e-7, "1.00e-06"),
        (99.96, "100"),
        (2e13, "2.00e+13"), (.nan, "NaN"), (-.infinity, "-inf"), (-0.5, "-0.500"),
    ])
    func number_hasAboutThreeDigits(value: Double, text: String) {
        #expect(HumanFormat.number(value) == text)
    }

    @Test func fixed_roundsAndKeepsZeros() {
        #expect(HumanFormat.fixed(-0.0004, decimals: 3) == "0.000")
        #expect(HumanFormat.fixed(1.05, decimals: 3) == "1.050")
        #expect(HumanFormat.fixed(-2.5, decimals: 0) == "-3")
        #expect(HumanFormat.trimmed(0.1) == "0.1")
        #expect(HumanFormat.trimmed(-0.5004) == "-0.5")
        #expect(HumanFormat.trimmed(20, decimals: 0) == "20")
        #expect(HumanFormat.trimmed(3) == "3")
        #expect(HumanFormat.fixed(1e300, decimals: 3) == "1.00e+300")
    }

    @Test func bytesAndShares_areShort() {
        #expect(HumanFormat.bytes(812) == "812 B")
        #expect(HumanFormat.bytes(20_400_000) == "20.4 MB")
        #expect(HumanFormat.percent(0.2464) == "24.6%")
        #expect(HumanFormat.duration(.milliseconds(1_500)) == "1.5 s")
    }
}
