import ArgumentParser
import Base
import Matching

/// `druse match`: which structures are the same crystal.
struct MatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "match",
        abstract: "Say which structures are the same crystal, as pymatgen's StructureMatcher does.",
        discussion: """
            Each structure of A is compared with each of B, or the first with the first, the second with the second, \
            ... (--pairwise). With --index, each is looked up among known crystals: the first one in the index that \
            it matches is named. Cells, origins, orientations, mirror images and volumes do not matter; elements do. \
            rms and max_distance are in units of (volume / atoms)^(1/3).
            """)

    @OptionGroup var input: InputOptions

    @Flag(help: "Compare the first of A with the first of B, the second with the second, ...")
    var pairwise = false

    @Option(help: "Look the structures up in this index of known crystals: default (the embedded one), or a file.")
    var index: String?

    @OptionGroup var tolerances: MatchingOptions
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        if index != nil {
            if pairwise { throw ValidationError("--pairwise and --index exclude each other") }
        } else if input.inputs.count != 2 {
            throw ValidationError(
                "\(input.inputs.count) inputs: it takes two files, A and B, or --index and any number of files")
        }
    }

    func run() throws {
        let tool = StructureMatching(
            matcher: StructureMatcher(tolerances: tolerances.tolerances), threads: threads.count)
        if let index {
            try lookUp(in: try KnownCrystalsSource.load(index), tool)
        } else {
            try compare(tool)
        }
    }

    private static let columns: [AnswerPrinter.Column] = [
        .init(title: "id_b", width: 20), .init(title: "match", width: 5),
        .init(title: "rms", width: 9, isNumber: true), .init(title: "largest", width: 9, isNumber: true),
    ]

    private func lookUp(in known: KnownCrystals, _ tool: StructureMatching) throws {
        let printer = AnswerPrinter(json: input.json, title: "looking up", idKey: "id_a", columns: Self.columns)
        try tool.lookUp(InputFiles(paths: input.inputs, format: input.inputFormat), in: known) {
            try printer.print($0, row: Self.row)
        }
        try printer.finish()
    }

    private func compare(_ tool: StructureMatching) throws {
        func entries(_ path: String) -> [StructureMatching.Reduced] {
            tool.reduce(InputFiles(paths: [path], format: input.inputFormat))
        }
        let (first, second) = (entries(input.inputs[0]), entries(input.inputs[1]))
        if pairwise, first.count != second.count {
            throw ToolFailure(
                "--pairwise needs as many structures in A as in B: \(input.inputs[0]) has "
                    + "\(first.count), \(input.inputs[1]) has \(second.count)")
        }
        let printer = AnswerPrinter(json: input.json, title: "comparing", idKey: "id_a", columns: Self.columns)
        let pairs = pairwise ? first.count : first.count * second.count
        for start in stride(from: 0, to: pairs, by: StructureMatching.batchSize) {
            let batch = (start..<min(start + StructureMatching.batchSize, pairs)).map { pair in
                pairwise
                    ? (first[pair], second[pair]) : (first[pair / second.count], second[pair % second.count])
            }
            try printer.print(tool.compare(batch), row: Self.row)
        }
        try printer.finish()
    }

    private static func row(_ answer: StructureMatching.Answer) -> AnswerPrinter.Row {
        let partner = answer.partner.map { [(key: "id_b", value: JSONValue.text($0))] } ?? []
        let name = answer.partner ?? "-"
        switch answer.result {
        case .success(let distance):
            let numbers = distance.map { distance in
                [
                    (key: "rms", value: JSONValue.number(distance.rms)),
                    (key: "max_distance", value: .number(distance.largest)),
                ]
            }
            return .init(
                fields: partner + [("match", .flag(distance != nil))] + (numbers ?? []),
                cells: [name, distance == nil ? "no" : "yes"]
                    + (distance.map { [$0.rms.text(decimals: 6), $0.largest.text(decimals: 6)] } ?? []))
        case .failure(let failure):
            return .init(fields: partner, cells: [name, "error: \(failure)"], failure: failure)
        }
    }
}

/// The options of commands that compare structures.
struct MatchingOptions: ParsableArguments {
    @Option(help: "By which fraction the lengths of the cells may differ.")
    var ltol = 0.2

    @Option(help: "How far atoms may be apart, in units of (volume / atoms)^(1/3).")
    var stol = 0.3

    @Option(help: "By how much the angles of the cells may differ, degrees.")
    var angleTol = 5.0

    var tolerances: MatchingTolerances { MatchingTolerances(length: ltol, site: stol, angle: angleTol) }

    func validate() throws {
        guard ltol > 0, ltol <= 1 else { throw ValidationError("--ltol is \(ltol); it must be above 0 and at most 1") }
        guard stol > 0, stol <= 1 else { throw ValidationError("--stol is \(stol); it must be above 0 and at most 1") }
        guard angleTol > 0, angleTol <= 45 else {
            throw ValidationError("--angle-tol is \(angleTol); it must be above 0 and at most 45 (degrees)")
        }
    }
}
