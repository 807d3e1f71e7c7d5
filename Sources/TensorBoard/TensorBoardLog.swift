package import Foundation
internal import SwiftProtobuf
internal import Synchronization
package import Telemetry

/// A run for TensorBoard: scalars of each step, the energies above the hull of its crystals, and what the run was
/// configured with.
package final class TensorBoardLog: Sendable {
    /// The value of a configuration key.
    package enum Parameter: Sendable, Hashable {
        case number(Double)
        case truth(Bool)
        case text(String)
    }

    /// What runs are compared by beside their configuration.
    private static let compared = ["reward/reward_mean", "batch/stable_fraction", "batch/unique_fraction"]

    private let file: EventFile
    private let opening: [Druse_Tensorboard_Event]

    /// - Parameters:
    ///   - folder: of the run's event files; made with the first step.
    ///   - parameters: the configuration by the paths of its keys.
    /// - Throws: an error of the encoding.
    package init(folder: URL, parameters: [String: Parameter]) throws {
        let now = Date()
        file = EventFile(folder: folder, begun: now, process: ProcessInfo.processInfo.processIdentifier)
        opening = try [
            Self.hyperparameters("experiment", at: now) { $0.experiment = Self.experiment(parameters, at: now) },
            Self.hyperparameters("session_start_info", at: now) {
                $0.sessionStartInfo = .with {
                    $0.hparams = parameters.mapValues(\.wire)
                    $0.startTimeSecs = now.timeIntervalSince1970
                }
            },
        ]
        hasOpened = .init(false)
    }

    /// Whether the configuration is written; the first step brings it.
    private let hasOpened: Atomic<Bool>

    /// Writes what is known of a step.
    ///
    /// - Parameter heights: energies above the hull of its crystals, eV/atom.
    /// - Throws: an error of the file system.
    package func append(_ record: StepRecord, heights: [Double]) throws {
        var values = try StepScalars.values(of: record).map { scalar in
            Druse_Tensorboard_Summary.Value.with {
                $0.tag = scalar.tag
                $0.simpleValue = Float(scalar.value)
            }
        }
        if let histogram = HeightHistogram.histogram(of: heights) {
            values.append(
                .with {
                    $0.tag = "batch/e_above_hull"
                    $0.histo = histogram
                })
        }
        let event = Druse_Tensorboard_Event.with {
            $0.wallTime = record.time.timeIntervalSince1970
            $0.step = Int64(record.step)
            $0.summary.value = values
        }
        let isFirst = !hasOpened.load(ordering: .relaxed)
        try file.append((isFirst ? opening : []) + [event])
        hasOpened.store(true, ordering: .relaxed)
    }

    /// Notes how the run ended; nothing where no step was made.
    package func end(isComplete: Bool) throws {
        guard hasOpened.load(ordering: .relaxed) else { return }
        let now = Date()
        try file.append([
            try Self.hyperparameters("session_end_info", at: now) {
                $0.sessionEndInfo = .with {
                    // A run that is cut short goes on some day.
                    $0.status = isComplete ? 1 : 0
                    $0.endTimeSecs = now.timeIntervalSince1970
                }
            }
        ])
    }

    private static func experiment(
        _ parameters: [String: Parameter], at time: Date
    ) -> Druse_Tensorboard_Experiment {
        .with {
            $0.timeCreatedSecs = time.timeIntervalSince1970
            $0.hparamInfos = parameters.sorted { $0.key < $1.key }.map { name, value in
                .with {
                    $0.name = name
                    $0.type = value.type
                }
            }
            $0.metricInfos = compared.map { tag in .with { $0.name.tag = tag } }
        }
    }

    /// What the plugin "hparams" reads: its own message in the metadata of a tag, with an empty tensor.
    private static func hyperparameters(
        _ name: String, at time: Date, _ fill: (inout Druse_Tensorboard_HParams) -> Void
    ) throws -> Druse_Tensorboard_Event {
        let content = try Druse_Tensorboard_HParams.with(fill).serializedData()
        return .with {
            $0.wallTime = time.timeIntervalSince1970
            $0.summary.value = [
                .with {
                    $0.tag = "_hparams_/\(name)"
                    $0.metadata.pluginData = .with {
                        $0.pluginName = "hparams"
                        $0.content = content
                    }
                    $0.tensor = .with {
                        $0.dtype = 1
                        $0.tensorShape = .init()
                        $0.floatVal = [0]
                    }
                }
            ]
        }
    }
}

extension TensorBoardLog.Parameter {
    var wire: Druse_Tensorboard_Value {
        .with {
            switch self {
            case .number(let number): $0.numberValue = number
            case .truth(let truth): $0.boolValue = truth
            case .text(let text): $0.stringValue = text
            }
        }
    }

    var type: Druse_Tensorboard_DataType {
        switch self {
        case .number: .float64
        case .truth: .bool
        case .text: .string
        }
    }
}
