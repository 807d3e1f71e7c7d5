/// One key of a section, declared once: its name, where its value is held, what it may be, what it means, and whether
/// a run may go on with another value. Reading, checking, writing, the resume check and the reference come from it.
///
/// The default of a key is the value that its property has in `Section()`.
package struct ConfigurationKey<Section: ConfigurationSection>: Sendable {
    let name: String
    /// Whether a section that is given must have the key.
    let isRequired: Bool
    /// Reads the value of a file into the section; what is wrong is added to the reader's problems.
    let read: @Sendable (ConfigurationNode, String, inout Section, inout KeyReader) -> Void
    /// The key as it stands in a section, or the keys below it; the text is the path.
    let entries: @Sendable (Section, String) -> [KeyEntry]
    /// Takes the value of another section if the key may change on resume.
    let takeChangeable: @Sendable (Section, inout Section) -> Void
    let decode: @Sendable (KeyedDecodingContainer<KeyName>, inout Section) throws -> Void
    let encode: @Sendable (Section, inout KeyedEncodingContainer<KeyName>) throws -> Void

    /// A key with a value.
    ///
    /// - Parameters:
    ///   - rule: which values it takes.
    ///   - unit: of the value, such as "eV/atom" or "crystals".
    ///   - onResume: whether a run that goes on may have another value.
    ///   - files: for a path, what it is relative to, and the name that is not a path.
    ///   - condition: where the key has a meaning; elsewhere it is refused.
    ///   - isRequired: whether a section that is given must have it.
    package init<Value: ConfigurationValue>(
        _ name: String, _ property: any WritableKeyPath<Section, Value> & Sendable, takes rule: KeyRule<Value> = .any,
        unit: String? = nil, _ help: String, onResume: ResumeRule = .kept, files: FileRule? = nil,
        where condition: KeyCondition<Section>? = nil, isRequired: Bool = false
    ) {
        self.init(
            name, get: { $0[keyPath: property] }, set: { $0[keyPath: property] = $1 },
            copy: { $1[keyPath: property] = $0[keyPath: property] }, rule, unit: unit, help, onResume: onResume,
            files: files, condition: condition, isRequired: isRequired, absent: nil)
    }

    /// A key that may be without a value.
    ///
    /// - Parameter absent: what holds then, in words.
    package init<Value: ConfigurationValue>(
        _ name: String, optional property: any WritableKeyPath<Section, Value?> & Sendable,
        takes rule: KeyRule<Value> = .any, absent: String, unit: String? = nil, _ help: String,
        onResume: ResumeRule = .kept, files: FileRule? = nil
    ) {
        self.init(
            name, get: { $0[keyPath: property] }, set: { $0[keyPath: property] = $1 },
            copy: { $1[keyPath: property] = $0[keyPath: property] }, rule, unit: unit, help, onResume: onResume,
            files: files, condition: nil, isRequired: false, absent: absent)
    }

    private init<Value: ConfigurationValue>(
        _ name: String, get: @escaping @Sendable (Section) -> Value?,
        set: @escaping @Sendable (inout Section, Value) -> Void,
        copy: @escaping @Sendable (Section, inout Section) -> Void, _ rule: KeyRule<Value>, unit: String?,
        _ help: String, onResume: ResumeRule, files: FileRule?, condition: KeyCondition<Section>?, isRequired: Bool,
        absent: String?
    ) {
        self.name = name
        self.isRequired = isRequired
        read = { node, path, section, reader in
            if let condition, !condition.holds(section) {
                reader.add(path, node.place, "does not belong here: it has a meaning where \(condition.words)")
                return
            }
            guard var value = Value.read(node, path: path, problems: &reader.problems) else { return }
            if let files { value = value.mappingText { reader.resolve($0, by: files, given: node.place) } }
            if let problem = rule.problem(value, unit: unit) {
                reader.add(path, node.place, problem)
            } else {
                set(&section, value)
            }
        }
        entries = { section, path in
            let value = get(section)
            return [
                KeyEntry(
                    path: path, help: help, unit: unit, kind: Value.kind, range: rule.words,
                    onResume: onResume, condition: condition?.words, absent: absent, value: value?.yaml,
                    applies: condition?.holds(section) ?? true,
                    problem: value.flatMap { rule.problem($0, unit: unit) }, items: Value.itemEntries,
                    isText: Value.self == String.self)
            ]
        }
        takeChangeable = { other, section in
            if case .changes = onResume { copy(other, &section) }
        }
        decode = { container, section in
            let key = KeyName(name)
            guard isRequired || container.contains(key) else { return }
            if let condition, !condition.holds(section) {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "has a meaning only where \(condition.words)")
            }
            if isRequired {
                set(&section, try container.decode(Value.self, forKey: key))
            } else if let value = try container.decodeIfPresent(Value.self, forKey: key) {
                set(&section, value)
            }
        }
        encode = { section, container in
            guard condition?.holds(section) ?? true else { return }
            try container.encodeIfPresent(get(section), forKey: KeyName(name))
        }
    }

    /// A table of further keys.
    package init<Part: ConfigurationSection>(
        section name: String, _ property: any WritableKeyPath<Section, Part> & Sendable
    ) {
        self.name = name
        isRequired = false
        read = { node, path, section, reader in
            section[keyPath: property] = Part.read(node, path: path, reader: &reader)
        }
        entries = { section, path in section[keyPath: property].entries(path: path) }
        takeChangeable = { other, section in
            section[keyPath: property] = section[keyPath: property].takingChangeableKeys(from: other[keyPath: property])
        }
        decode = { container, section in
            guard container.contains(KeyName(name)) else { return }
            section[keyPath: property] = try Part(keysOf: container.superDecoder(forKey: KeyName(name)))
        }
        encode = { section, container in
            try section[keyPath: property].encodeKeys(to: container.superEncoder(forKey: KeyName(name)))
        }
    }
}

/// Where a key has a meaning.
package struct KeyCondition<Section>: Sendable {
    /// Such as "kind is linear".
    let words: String
    let holds: @Sendable (Section) -> Bool

    package init(_ words: String, _ holds: @escaping @Sendable (Section) -> Bool) {
        self.words = words
        self.holds = holds
    }
}

/// The name of a key for Swift's coders.
struct KeyName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
