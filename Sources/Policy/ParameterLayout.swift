/// Where each named parameter lies in the flat vector of all parameters.
///
/// Names are those of the reference's haiku tree (`module/param`); matrices are `[inputs, outputs]`, row-major.
package struct ParameterLayout: Sendable {
    package struct Entry: Sendable, Hashable {
        package let name: String
        package let shape: [Int]
        package let offset: Int
        package var count: Int { shape.reduce(1, *) }
    }

    package struct LinearEntry: Sendable {
        package let weight: Entry
        package let bias: Entry
    }

    package struct NormEntry: Sendable {
        package let scale: Entry
        package let offset: Entry
    }

    package struct Block: Sendable {
        let attentionNorm: NormEntry
        package let query: LinearEntry
        package let key: LinearEntry
        package let value: LinearEntry
        let projection: LinearEntry
        let hiddenNorm: NormEntry
        let expand: LinearEntry
        let contract: LinearEntry
    }

    package let configuration: PolicyConfiguration
    package let entries: [Entry]
    package let parameterCount: Int

    let groupEmbedding: Entry
    let wyckoffEmbedding: Entry
    package let atomEmbedding: Entry
    let firstHidden: LinearEntry
    let firstOutput: LinearEntry
    /// The input projections of the five kinds of token: W, A, X, Y, Z.
    package let inputs: [LinearEntry]
    package let blocks: [Block]
    let finalNorm: NormEntry
    package let output: LinearEntry

    package init(_ configuration: PolicyConfiguration) {
        self.configuration = configuration
        var builder = Builder()
        let c = configuration
        groupEmbedding = builder.add("~/g_embeddings", [230, c.embeddingSize])
        wyckoffEmbedding = builder.add("~/w_embeddings", [c.wyckoffTypes, c.embeddingSize])
        atomEmbedding = builder.add("~/a_embeddings", [c.atomTypes, c.embeddingSize])
        firstHidden = builder.linear(c.embeddingSize, c.firstHiddenSize)
        firstOutput = builder.linear(c.firstHiddenSize, c.wyckoffTypes)
        let widths = [
            2 * c.embeddingSize + 1, 2 * c.embeddingSize, c.coordinateInputs, c.coordinateInputs, c.coordinateInputs,
        ]
        inputs = widths.map { builder.linear($0, c.modelSize) }
        blocks = (0..<c.layers).map { layer in
            let attentionNorm = builder.norm(c.modelSize)
            let module = layer == 0 ? "multi_head_attention" : "multi_head_attention_\(layer)"
            let query = builder.linear(c.modelSize, c.attentionWidth, name: "\(module)/query")
            let key = builder.linear(c.modelSize, c.attentionWidth, name: "\(module)/key")
            let value = builder.linear(c.modelSize, c.attentionWidth, name: "\(module)/value")
            let projection = builder.linear(c.attentionWidth, c.modelSize, name: "\(module)/linear")
            return Block(
                attentionNorm: attentionNorm, query: query, key: key, value: value, projection: projection,
                hiddenNorm: builder.norm(c.modelSize), expand: builder.linear(c.modelSize, c.hiddenSize),
                contract: builder.linear(c.hiddenSize, c.modelSize))
        }
        finalNorm = builder.norm(c.modelSize)
        output = builder.linear(c.modelSize, c.outputSize)
        entries = builder.entries
        parameterCount = builder.offset
    }

    /// Hands out names in the reference's order of creation.
    private struct Builder {
        var entries: [Entry] = []
        var offset = 0
        var linears = 0
        var norms = 0

        mutating func add(_ name: String, _ shape: [Int]) -> Entry {
            let entry = Entry(name: name, shape: shape, offset: offset)
            entries.append(entry)
            offset += entry.count
            return entry
        }

        mutating func linear(_ inputs: Int, _ outputs: Int, name: String? = nil) -> LinearEntry {
            let module: String
            if let name {
                module = name
            } else {
                module = linears == 0 ? "linear" : "linear_\(linears)"
                linears += 1
            }
            return LinearEntry(weight: add("\(module)/w", [inputs, outputs]), bias: add("\(module)/b", [outputs]))
        }

        mutating func norm(_ size: Int) -> NormEntry {
            let module = norms == 0 ? "layer_norm" : "layer_norm_\(norms)"
            norms += 1
            return NormEntry(scale: add("\(module)/scale", [size]), offset: add("\(module)/offset", [size]))
        }
    }
}
