package import Configuration
package import Policy

extension PolicyConfiguration: ConfigurationSection {
    package static var fields: [String: (any ConfigurationSection.Type)?] { plain(keys) }
}
