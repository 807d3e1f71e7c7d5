extension ThreadTeam {
    /// What `transform(input, thread)` makes of each input, in the order of the inputs.
    package func map<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ transform: @escaping @Sendable (_ input: Input, _ thread: Int) -> Output
    ) -> [Output] {
        let results = Slots<Output?>(count: inputs.count, empty: nil)
        forEach(inputs.count) { index, thread in results[index] = transform(inputs[index], thread) }
        return results.all.compactMap { $0 }
    }
}
