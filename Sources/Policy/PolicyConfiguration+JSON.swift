internal import Configuration
package import Foundation

extension PolicyConfiguration {
    /// Who wrote a configuration.
    enum Origin {
        /// The metadata of a policy file, which have every key.
        case metadata
        /// A file that people bring, such as CrystalFormer's own options: those of training mean nothing here, and what
        /// no option of it changes may be missing.
        case file
    }

    /// Reads a file of sizes.
    /// - Throws: ``PolicyError/badConfiguration(_:)``.
    package init(file data: Data) throws(PolicyError) {
        try self.init(json: data, from: .file)
    }

    /// - Throws: ``PolicyError/badConfiguration(_:)``, among others for keys that are missing or unknown.
    init(json data: Data, from origin: Origin) throws(PolicyError) {
        guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            var configuration = try? JSONDecoder().decode(PolicyConfiguration.self, from: data)
        else {
            throw .badConfiguration("it must be a JSON object of sizes such as \"num_layers\"")
        }
        var names = Set(object.keys)
        if case .file = origin, let other = object[Self.layersInReference] {
            guard let layers = other as? Int, object["num_layers"] == nil || layers == configuration.layers else {
                throw .badConfiguration("\(Self.layersInReference) is \(other), and num_layers says otherwise")
            }
            configuration.layers = layers
            names.remove(Self.layersInReference)
            names.insert("num_layers")
        }
        let known = configuration.entries().map(\.path)
        let missing = known.filter { !names.contains($0) && (origin == .metadata || !Self.optional.contains($0)) }
        guard missing.isEmpty else { throw .badConfiguration("it lacks \(missing.joined(separator: ", "))") }
        let unknown = names.subtracting(known).subtracting(origin == .file ? Self.meaningless : []).sorted()
        guard unknown.isEmpty else {
            throw .badConfiguration(
                "it has \(unknown.joined(separator: ", ")), which is no size of a policy; those are "
                    + known.joined(separator: ", "))
        }
        self = configuration
    }

    /// The name of `num_layers` among the reference's options.
    private static let layersInReference = "transformer_layers"

    /// What no option of the reference changes, or has one value alone.
    private static let optional: Set = ["atom_types", "wyck_types", "widening_factor", "sigmamin"]

    /// Options of the reference's programs, and sizes that follow from others: they say nothing of a network.
    private static let meaningless: Set = [
        "attn_dropout", "batchsize", "beta", "clip_grad", "convex_path", "coord_types", "dropout_rate", "dummy_value",
        "elements", "epochs", "eps_clip", "folder", "hydra", "K", "lamb_a", "lamb_l", "lamb_w", "lattice_types",
        "loss_name", "loss_type", "lr", "lr_decay", "mlff_model", "mlff_path", "num_io_process", "num_parameters",
        "num_samples", "optimizer", "output_filename", "output_path", "output_size", "parameters", "physics_name",
        "ppo_epochs", "remove_radioactive", "restore_path", "reward", "save_path", "seed", "sequence_length",
        "spacegroup", "target", "temperature", "test_path", "top_p", "train_path", "training_name", "transformer_name",
        "use_foriloop", "valid_path", "weight_decay",
    ]
}
