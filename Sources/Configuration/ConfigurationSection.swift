/// A part of a configuration file: decodable, with a known list of keys.
package protocol ConfigurationSection: Codable, Sendable {
    /// The keys the section may have; for a key that is itself a section, its type.
    static var fields: [String: (any ConfigurationSection.Type)?] { get }
    /// What is wrong with the values, each problem named by its key; empty if nothing is.
    var problems: [String] { get }
}

extension ConfigurationSection {
    /// A table of plain keys.
    package static func plain(_ keys: [String]) -> [String: (any ConfigurationSection.Type)?] {
        var fields: [String: (any ConfigurationSection.Type)?] = [:]
        for key in keys { fields.updateValue(nil, forKey: key) }
        return fields
    }
}
