import Yams

/// A value of a configuration as it was written, not yet understood.
package struct ConfigurationNode: Sendable {
    /// Where a value was written.
    enum Place: Sendable, Hashable, CustomStringConvertible {
        case line(Int)
        /// An option of the command line.
        case option(String)

        var description: String {
            switch self {
            case .line(let number): "line \(number)"
            case .option(let name): name
            }
        }
    }

    struct Item: Sendable {
        let key: String
        let place: Place?
        var value: ConfigurationNode
    }

    indirect enum Content: Sendable {
        /// A text; plain if it stands without quotes.
        case scalar(String, isPlain: Bool)
        case list([ConfigurationNode])
        case table([Item])
    }

    var content: Content
    let place: Place?

    init(_ content: Content, place: Place?) {
        self.content = content
        self.place = place
    }

    /// - Parameter origin: the option that the text was given by; nil for a file, whose lines count.
    init(_ node: Node, origin: Place? = nil) {
        func place(_ mark: Mark?) -> Place? { origin ?? mark.map { .line($0.line) } }
        self.place = place(node.mark)
        switch node {
        case .scalar(let scalar):
            content = .scalar(scalar.string, isPlain: scalar.style == .plain || scalar.style == .any)
        case .sequence(let sequence): content = .list(sequence.map { ConfigurationNode($0, origin: origin) })
        case .mapping(let mapping):
            content = .table(
                mapping.map { key, value in
                    Item(
                        key: key.string ?? "?", place: place(key.mark), value: ConfigurationNode(value, origin: origin))
                })
        case .alias: content = .scalar("", isPlain: true)
        }
    }

    /// Whether there is a value at a path.
    func holds(_ path: ArraySlice<Substring>) -> Bool {
        guard let name = path.first else { return true }
        guard case .table(let items) = content, let item = items.first(where: { $0.key == name }) else { return false }
        return item.value.holds(path.dropFirst())
    }

    /// Puts a value at a path, in place of what is there; tables on the way are made where they are missing.
    ///
    /// - Returns: false if something on the way is no table: nothing is changed.
    mutating func set(_ path: ArraySlice<Substring>, to value: ConfigurationNode) -> Bool {
        guard let name = path.first else {
            self = value
            return true
        }
        guard case .table(var items) = content else { return false }
        let rest = path.dropFirst()
        if let index = items.firstIndex(where: { $0.key == name }) {
            guard items[index].value.set(rest, to: value) else { return false }
        } else {
            var child = ConfigurationNode(.table([]), place: value.place)
            guard child.set(rest, to: value) else { return false }
            items.append(Item(key: String(name), place: value.place, value: child))
        }
        content = .table(items)
        return true
    }
}
