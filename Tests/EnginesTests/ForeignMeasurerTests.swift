import Crystals
import Engines
import Foundation
import ModelFixtures
import Potentials
import ProgramFixtures
import Rewards
import Stability
import Testing
import Trajectories

/// Which engine serves which run, and what a worker makes of its answers.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled("needs python3") { TestEngines.python != nil })
struct ForeignMeasurerTests {
    private let log = LogLines()

    private func withFactory<Value>(
        start: String = "", startLimit: Duration = .seconds(60), files: URL? = nil,
        _ body: (ForeignMeasurerFactory) throws -> Value
    ) throws -> Value {
        var settings = ForeignEngine.Settings()
        settings.startLimit = startLimit
        settings.pause = .milliseconds(1)
        let files = files.map { RecipeFileCache(folder: $0) } ?? RecipeFileCache()
        let python = try #require(TestEngines.python)
        let engine = ForeignEngine(
            command: try ForeignCommand(
                words: [python, TestEngines.file("faulty_engine.py"), start],
                environment: ["PATH": "/usr/bin:/bin"]), settings: settings, logger: log.logger)
        defer { engine.close() }
        return try body(ForeignMeasurerFactory(engine, files: files))
    }

    private func recipe(
        potential: String = "external faulty", limits: ValidityLimits = ValidityLimits(), relaxes: Bool = false,
        correction: EnergyAlignment? = nil
    ) throws -> String {
        let hull = try HullReference.embedded()
        var recipe = Recipe(
            limits: limits, potential: potential, potentialDigest: potential, hull: "default", hullDigest: hull.digest)
        if relaxes { recipe.relaxation.until = .converged }
        recipe.correction = correction
        return try PeerSettings.text(recipe)
    }

    /// What a worker says that cannot serve.
    private func refusal(
        start: String = "", potential: String = "external faulty", limits: ValidityLimits = ValidityLimits(),
        relaxes: Bool = false
    ) throws -> RoleError {
        let text = try recipe(potential: potential, limits: limits, relaxes: relaxes)
        let limit = start == "hang" ? Duration.milliseconds(400) : .seconds(60)
        let error = #expect(throws: RoleError.self) {
            try withFactory(start: start, startLimit: limit) { _ = try $0.makeMeasurer(text).measure([]) }
        }
        return try #require(error)
    }

    private func item(_ group: Int, _ elements: [String], a: Double) throws -> WorkItem {
        let sites = try elements.enumerated().map { index, symbol in
            Crystal.Site(
                wyckoff: index + 1, element: try #require(Element(symbol: symbol)),
                position: SIMD3(repeating: 0.5 * Double(index)))
        }
        let crystal = Crystal(
            spaceGroup: try #require(SpaceGroup(number: group)), sites: sites,
            lattice: LatticeParameters(a: a, b: a, c: a, alpha: 90, beta: 90, gamma: 90))
        return WorkItem(job: 0, index: 0, crystal: crystal, isTerminated: true)
    }

    @Test func measure_validAndInvalidCrystals_givesOutcomesWithHeightsAndWhatElseTheEngineGives() throws {
        var items = [
            // LiH: the engine would hang at Li alone, but the orbits begin with H here.
            try item(225, ["H", "Li"], a: 4.1), try item(225, ["H", "Li"], a: 0.1), try item(225, ["F", "Na"], a: 4.6),
            try item(225, ["N", "Al"], a: 4.6),
        ]
        for index in items.indices { items[index].index = index }
        let text = try recipe()
        try withFactory { factory in
            let measurer = try factory.makeMeasurer(text)
            #expect(try measurer.measure([]).isEmpty)
            let results = try measurer.measure(items)
            let measurement = try #require(measured(results[0]))
            let energy = try #require(measurement[.energyPerAtom])
            let composition = Composition([
                try #require(Element(symbol: "Li")): 1, try #require(Element(symbol: "H")): 1,
            ])
            let hull = try HullReference.embedded().phaseDiagram(of: composition.amounts.keys)
            let ground = try hull.hullEnergyPerAtom(of: composition)
            #expect(measurement[.energyAboveHull] == energy - ground)
            #expect(measurement[Trajectories.Measurement.Quantity(rawValue: "leads_group")] == 1)
            #expect(results[1].outcome == .invalid(.latticeOutOfBounds))
            guard case .failed(.engineAnswer(let reason)) = results[2].outcome else {
                Issue.record("\(results[2].outcome)")
                return
            }
            #expect(reason.contains("must be f64 [1]"))
            #expect(results[3].outcome == .failed(.engineNotFinite("energy_per_atom")))
            // They are named.
            #expect(log.all.contains { $0.hasPrefix("crystal 0-2 (NaF): engine_answer: the engine's answer") })
            #expect(log.all.contains("crystal 0-3 (AlN): engine_not_finite: the engine gave no finite energy_per_atom"))
        }
    }

    private func measured(_ result: MeasuringResult) -> Trajectories.Measurement? {
        if case .measured(let measurement) = result.outcome { measurement } else { nil }
    }

    @Test func prepare_engineOfAnotherName_cannotServe() throws {
        let error = try refusal(potential: "external mace-mp-0")
        #expect("\(error)".hasPrefix("this run wants the engine mace-mp-0; the one of --engine is faulty"), "\(error)")
        #expect(error.isLasting)
    }

    @Test func prepare_engineWhoseEnergiesAreNotTheHulls_cannotServe() throws {
        let error = try refusal(start: "own")
        #expect(
            "\(error)".hasPrefix("energies of faulty (own-hull-only) have no place on the embedded hull"), "\(error)")
        #expect(error.isLasting)
    }

    /// Plain energies get the MP2020 corrections of the embedded hull, once; energies that carry them get none.
    @Test(arguments: [("raw", -0.179 / 2), ("", nil)])
    func measure_onTheEmbeddedHull_correctsPlainEnergiesAlone(start: String, correction: Double?) throws {
        let text = try recipe(correction: .mp2020)
        try withFactory(start: start) { factory in
            let measurer = try factory.makeMeasurer(text)
            #expect(try measurer.measure([]).isEmpty)
            let results = try measurer.measure([try item(225, ["H", "Li"], a: 4.1)])
            let measurement = try #require(measured(results[0]))
            let composition = Composition([
                try #require(Element(symbol: "Li")): 1, try #require(Element(symbol: "H")): 1,
            ])
            let ground = try HullReference.embedded().phaseDiagram(of: composition.amounts.keys)
                .hullEnergyPerAtom(of: composition)
            let energy = try #require(measurement[.energyPerAtom])
            #expect(measurement[.energyCorrection] == correction)
            #expect(measurement[.energyAboveHull] == energy + (correction ?? 0) - ground)
        }
    }

    /// A learner of another build would not know what its heights are.
    @Test func prepare_correctionsThatTheRecipeDoesNotName_cannotServe() throws {
        let error = try refusal(start: "raw")
        #expect("\(error)".contains("need the corrections mp2020 on the hull default"), "\(error)")
    }

    @Test func prepare_boundOnAnUncertaintyThatTheEngineDoesNotGive_cannotServe() throws {
        var limits = ValidityLimits()
        limits.maximumUncertainty = 0.1
        let error = try refusal(limits: limits)
        #expect("\(error)".contains("the engine faulty does not give it: let it give uncertainty, eV/atom"), "\(error)")
    }

    @Test func prepare_runThatRelaxesByAnEngineWithoutForces_cannotServe() throws {
        let error = try refusal(relaxes: true)
        #expect("\(error)".contains("the engine faulty gives no forces and stress"), "\(error)")
    }

    @Test func prepare_runThatMeasuresForcesByAnEngineWithoutThem_cannotServe() throws {
        var recipe = try PeerSettings.parse(Recipe.self, from: recipe())
        recipe.wantsForces = true
        let text = try PeerSettings.text(recipe)
        let error = #expect(throws: RoleError.self) {
            try withFactory { _ = try $0.makeMeasurer(text).measure([]) }
        }
        #expect("\(try #require(error))".contains("this run measures forces and stress, and the engine faulty"))
    }

    /// Models of properties are the worker's own, whatever gives the energies.
    @Test func measure_withAModelOfProperties_predictsInTheWorker() throws {
        let folder = try TemporaryFolder()
        var tiny = TinyMEGNet().knowingAllElements
        tiny.property = "bulk modulus"
        let url = try tiny.write(to: folder.url.appending(path: "modulus.safetensors"))
        let (file, blob) = try RecipeFile.offer(url)
        let model = try PropertySource.load(url.path)
        var recipe = try PeerSettings.parse(Recipe.self, from: recipe())
        recipe.properties = [RecipeProperty(name: file.name, file: file, digest: model.digest)]
        let text = try PeerSettings.text(recipe)
        let cache = folder.url.appending(path: "cache")
        try RecipeFileCache(folder: cache).keep(blob, of: text)
        let hydride = try item(225, ["H", "Li"], a: 4.1)
        let measurement = try withFactory(files: cache) { factory in
            let measurer = try factory.makeMeasurer(text)
            #expect(try measurer.measure([]).isEmpty)
            return try #require(measured(measurer.measure([hydride])[0]))
        }
        let structure = try #require(hydride.crystal).structure(cell: .primitive)
        let expected = try model.makeEvaluator().predict([structure])[0].get()[0]
        #expect(expected.name == "bulk_modulus")
        #expect(measurement[Trajectories.Measurement.Quantity(rawValue: "bulk_modulus")] == expected.value)
    }

    /// An engine's number never stands in the place of a model's.
    @Test(arguments: ["bulk_modulus GPa", "bulk_modulus_sigma GPa", "bulk_modulus_in_domain 1"])
    func prepare_engineThatGivesWhatAModelPredicts_cannotServe(gives: String) throws {
        let folder = try TemporaryFolder()
        var tiny = TinyMEGNet().knowingAllElements
        tiny.property = "bulk modulus"
        let url = try tiny.write(to: folder.url.appending(path: "modulus.safetensors"))
        var recipe = try PeerSettings.parse(Recipe.self, from: recipe())
        let digest = try PropertySource.load(url.path).digest
        recipe.properties = [RecipeProperty(name: url.path, digest: digest)]
        let text = try PeerSettings.text(recipe)
        let error = #expect(throws: RoleError.self) {
            try withFactory(start: "gives \(gives)") { _ = try $0.makeMeasurer(text).measure([]) }
        }
        let name = gives.split(separator: " ")[0]
        #expect("\(try #require(error))".contains("gives \(name), which the run predicts by a model"))
    }

    @Test func makeMeasurer_runOfANativePotential_cannotServe() throws {
        let error = try refusal(potential: "chgnet")
        #expect("\(error)".contains("chgnet, which workers have themselves; start the worker without --engine"))
    }

    @Test func makeMeasurer_nativeWorkerForAnEngine_cannotServe() throws {
        let text = try recipe()
        let error = #expect(throws: RoleError.self) { _ = try EngineMeasurerFactory().makeMeasurer(text) }
        #expect("\(try #require(error))".hasPrefix("this run wants the engine faulty, which this worker does not have"))
    }

    @Test(arguments: [
        ("die", "the engine ended (exit status 1); it said last: there is no such model"),
        ("noise", "\"Load"), ("hang", "did not answer within the time limit"),
    ])
    func prepare_engineThatCannotStart_saysWhy(start: String, words: String) throws {
        let error = try refusal(start: start)
        #expect("\(error)".contains("failed 5 times in a row") && !error.isLasting, "\(error)")
        #expect("\(error)".contains(words), "\(error)")
    }

    /// It would say the same again: it is asked once, and whoever starts the worker need not start it again.
    @Test(arguments: [
        ("protocol", "it speaks protocol 2"), ("unit", "energy is in \"kcal/mol\"; it must be in eV"),
        ("no energy", "it gives no energy"),
        ("convention", "its energy_convention is \"best\"; it must be mp2020-corrected, raw-pbe, own-hull-only"),
    ])
    func prepare_engineWhoseHelloDoesNotFit_isAskedOnceAndLasts(start: String, words: String) throws {
        let error = try refusal(start: start)
        #expect(error.isLasting && "\(error)".contains("the engine cannot be used here: "), "\(error)")
        #expect("\(error)".contains(words) && !"\(error)".contains("in a row"), "\(error)")
    }

    /// What a run would take for something else, or no reward could name.
    @Test(arguments: [
        ("price 1", "\"price\", which is what a reward computes"), ("novelty", "which is what a reward computes"),
        ("formation_energy_per_atom eV/atom", "which every run measures itself"),
        ("hull_entries 1", "which every run measures itself"), ("e_above_hull eV/atom", "every run measures itself"),
        ("reward 1", "every run's archive has"), ("geometry 1", "which exports have"),
        ("Band_Gap eV", "no lower-case name"), ("2nd_gap eV", "begins with a letter"), ("_gap eV", "begins with a"),
        ("band_gap meV", "band_gap is in \"meV\"; it must be in eV"), ("dielectric_total eV", "it must be in 1"),
        ("uncertainty eV", "uncertainty is in \"eV\"; it must be in eV/atom"), ("pid", "it gives pid twice"),
    ])
    func prepare_engineWithAQuantityOfAnothersName_saysSoInOneLine(gives: String, words: String) throws {
        let error = try refusal(start: "gives \(gives)")
        #expect("\(error)".contains(words) && !"\(error)".contains("\n"), "\(error)")
    }

    @Test(arguments: ["band_gap eV", "dielectric_total", "dielectric_total 1", "hardness GPa", "uncertainty eV/atom"])
    func prepare_engineWithAQuantityOfItsOwn_serves(gives: String) throws {
        let text = try recipe()
        let results = try withFactory(start: "gives \(gives)") { try $0.makeMeasurer(text).measure([]) }
        #expect(results.isEmpty)
    }

    @Test func prepare_engineThatSendsAFieldOfAnotherType_namesIt() throws {
        let error = try refusal(start: "field")
        #expect("\(error)".contains("the field quantities.0.unit of its header is missing or of another type"))
    }

    @Test func command_programThatIsNotThere_isNamed() throws {
        let error = #expect(throws: RoleError.self) {
            try ForeignCommand(words: ["no-such-program"], environment: ["PATH": "/usr/bin:/bin"])
        }
        #expect(error.map { "\($0)" } == "--engine: there is no program no-such-program in PATH")
    }

    @Test func words_areSplitAsAShellSplitsThem() throws {
        for (line, words) in [
            ("python3 -m druse_engine", ["python3", "-m", "druse_engine"]),
            (#"  a  'b c'"d e"  \"f\" "#, ["a", "b cd e", "\"f\""]),
            (#"a --kwargs '{"model": "small"}' """#, ["a", "--kwargs", #"{"model": "small"}"#, ""]),
            (#""a\"b\c" a\ b"#, [#"a"b\c"#, "a b"]), ("$HOME `x` *", ["$HOME", "`x`", "*"]),
        ] { #expect(try EngineWords.split(line) == words) }
        for line in ["", "  ", "a 'b", "a \"b", "a\\"] {
            #expect(throws: RoleError.self) { try EngineWords.split(line) }
        }
    }

    // MARK: The package druse_engine

    private func packaged(_ python: String, _ arguments: [String]) throws -> ForeignEngine {
        ForeignEngine(
            command: try ForeignCommand(
                words: [python, "-m", "druse_engine"] + arguments,
                environment: EngineEnvironment.passedOn(of: ProcessInfo.processInfo.environment)
                    .merging(["PYTHONPATH": TestEngines.package]) { $1 }), settings: .init(), logger: log.logger)
    }

    /// What `python3 -m druse_engine` with arguments makes of Cu3Au, between two crystals of uranium.
    private func evaluation(
        _ python: String, _ arguments: [String], _ properties: PotentialProperties = .energy
    ) throws -> PotentialEvaluation {
        let engine = try packaged(python, arguments)
        defer { engine.close() }
        let (copper, gold) = (try #require(Element(symbol: "Cu")), try #require(Element(symbol: "Au")))
        let structure = Structure(
            cell: Cell(a: SIMD3(3.8, 0, 0), b: SIMD3(0, 3.8, 0), c: SIMD3(0, 0, 3.8)),
            elements: [gold, copper, copper, copper],
            fractionalCoordinates: [SIMD3(0.01, 0.02, 0), SIMD3(0, 0.5, 0.5), SIMD3(0.5, 0, 0.5), SIMD3(0.5, 0.5, 0)])
        let strange = Structure(
            cell: structure.cell, elements: [try #require(Element(symbol: "U"))], fractionalCoordinates: [.zero])
        let results = engine.makeEvaluator().evaluate([strange, structure, strange], properties)
        #expect(results.count == 3)
        return try results[1].get()
    }

    @Test(.enabled("needs python3 with numpy") { TestEngines.pythonWithNumpy != nil })
    func package_functionOfAUsersOwn_givesItsNumbers() throws {
        let python = try #require(TestEngines.pythonWithNumpy)
        let evaluation = try evaluation(python, ["call", "\(TestEngines.file("my_reward.py")):measure"])
        #expect(abs(evaluation.energyPerAtom + 0.1 * 3.8 * 3.8 * 3.8 / 4) < 1e-12)
        #expect(abs((evaluation.quantities["band_gap"] ?? 0) - 3.8 * 3.8 * 3.8 / 40) < 1e-12)
        #expect(log.hasLine { $0 == "engine: printing does no harm" })
    }

    /// Cu3Au by ASE's effective medium theory; an element that it does not know fails alone.
    @Test(.enabled("needs python3 with ase (Debian: python3-ase)") { TestEngines.pythonWithASE != nil })
    func package_calculatorOfASE_givesItsEnergiesForcesAndStresses() throws {
        let python = try #require(TestEngines.pythonWithASE)
        let arguments = ["ase", "--calculator", "ase.calculators.emt:EMT"]
        let evaluation = try evaluation(python, arguments, [.energy, .forces, .stress])
        let expected = try numbers(
            python,
            """
            from ase.calculators.emt import EMT
            atoms.calc = EMT()
            energy, forces, stress = atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress(voigt=False)
            """)
        #expect(expected.count == 1 + 4 * 3 + 9)
        #expect(zip(Self.numbers(evaluation), expected).allSatisfy { abs($0 - $1) < 1e-9 })
    }

    /// What a script makes of the same Cu3Au: energy per atom, forces, stress.
    private func numbers(_ python: String, _ script: String) throws -> [Double] {
        let begin = """
            from ase import Atoms
            positions = [(.01, .02, 0), (0, .5, .5), (.5, 0, .5), (.5, .5, 0)]
            atoms = Atoms("AuCu3", scaled_positions=positions, cell=[3.8] * 3, pbc=True)

            """
        let end = "\nprint(float(energy) / 4, *map(float, forces.ravel()), *map(float, stress.ravel()))"
        let outcome = try DruseProcess.run(executable: URL(filePath: python), ["-c", begin + script + end])
        return outcome.output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    }

    private static func numbers(_ evaluation: PotentialEvaluation) -> [Double] {
        let rows = (evaluation.forces ?? []) + (evaluation.stress?.rows ?? [])
        return [evaluation.energyPerAtom] + rows.flatMap { [$0.x, $0.y, $0.z] }
    }

    /// Three crystals of one batch have the numbers that torch-sim's model gives for each alone.
    @Test(.enabled("needs torch-sim (PyPI: torch-sim-atomistic)") { TestEngines.pythonWithTorchSim != nil })
    func package_modelOfTorchSim_givesEnergiesForcesAndStressesOfWholeBatches() throws {
        let python = try #require(TestEngines.pythonWithTorchSim)
        let options = #"{"sigma": 2.5, "epsilon": 0.1, "cutoff": 6.0, "compute_stress": true}"#
        let arguments = ["torch-sim", "--model", "torch_sim.models.lennard_jones:LennardJonesModel"]
        let evaluation = try evaluation(python, arguments + ["--kwargs", options], [.energy, .forces, .stress])
        let expected = try numbers(
            python,
            """
            import torch, torch_sim
            from torch_sim.models.lennard_jones import LennardJonesModel
            model = LennardJonesModel(sigma=2.5, epsilon=.1, cutoff=6., compute_stress=True)
            found = model(torch_sim.initialize_state([atoms], model.device, model.dtype))
            energy, forces, stress = found["energy"], found["forces"], found["stress"]
            """)
        #expect(expected.count == 1 + 4 * 3 + 9)
        // Single precision.
        #expect(zip(Self.numbers(evaluation), expected).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    /// The worker relaxes by the forces of the engine: copper ends at the lattice constant of effective medium theory.
    @Test(.enabled("needs python3 with ase (Debian: python3-ase)") { TestEngines.pythonWithASE != nil })
    func package_runThatRelaxes_isDrivenByTheEnginesForces() throws {
        let python = try #require(TestEngines.pythonWithASE)
        let engine = try packaged(
            python,
            [
                "ase", "--calculator", "ase.calculators.emt:EMT", "--name", "emt", "--energy-convention",
                "mp2020-corrected",
            ])
        defer { engine.close() }
        let measurer = try ForeignMeasurerFactory(engine).makeMeasurer(
            recipe(potential: "external emt", relaxes: true))
        _ = try measurer.measure([])
        let result = try measurer.measure([item(225, ["Cu"], a: 3.9)])[0]
        let measurement = try #require(measured(result), "\(result.outcome)")
        #expect(measurement[.relaxationConverged] == 1)
        #expect((measurement[.relaxationSteps] ?? 0) > 0)
        let ratio = try #require(measurement[.relaxationVolumeRatio])
        #expect(abs(3.9 * cbrt(ratio) - 3.59) < 0.02)
    }
}
