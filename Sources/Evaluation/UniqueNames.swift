/// Names that come once each: what comes again has a number behind it, the same in the same order.
struct UniqueNames {
    private var taken: Set<String> = []

    mutating func name(_ wanted: String) -> String {
        var name = wanted
        var number = 1
        while !taken.insert(name).inserted {
            number += 1
            name = "\(wanted)-\(number)"
        }
        return name
    }
}
