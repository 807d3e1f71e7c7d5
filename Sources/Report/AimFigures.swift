/// What an evaluation found of what a run is rewarded for: the numbers of its terms, the properties that it predicts,
/// and the front of its crystals.
///
/// A crystal without a number, an invalid one or one whose elements a model does not know, is in none of its figures;
/// the counts say so.
package struct AimFigures: Codable, Equatable, Sendable {
    /// A quantile with its standard error.
    package struct Quantile: Codable, Equatable, Sendable {
        package var value: Double
        /// Half the distance of the order statistics one standard deviation of the rank above and below; of fewer than
        /// ten numbers nil.
        package var error: Double?

        /// Of numbers in ascending order, interpolated between two of them.
        ///
        /// - Precondition: there are numbers; 0 < share < 1.
        package init(_ share: Double, ofSorted numbers: [Double]) {
            let last = Double(numbers.count - 1)
            func at(_ rank: Double) -> Double {
                let held = min(max(rank, 0), last)
                let below = Int(held)
                let above = min(below + 1, numbers.count - 1)
                return numbers[below] + (held - Double(below)) * (numbers[above] - numbers[below])
            }
            let rank = share * last
            value = at(rank)
            guard numbers.count >= 10 else { return }
            let deviation = (Double(numbers.count) * share * (1 - share)).squareRoot()
            let (low, high) = (rank - deviation, rank + deviation)
            // At the end of the numbers one side is all there is.
            error = high > last ? value - at(low) : low < 0 ? at(high) - value : (at(high) - at(low)) / 2
        }
    }

    /// How numbers are spread.
    package struct Spread: Codable, Equatable, Sendable {
        /// How many there are.
        package var count: Int
        package var median: Quantile
        /// The 95th percentile; of numbers that are to be low the 5th.
        package var best: Quantile

        /// Nil of none.
        package init?(_ numbers: [Double], wantsLow: Bool) {
            let sorted = numbers.filter(\.isFinite).sorted()
            guard !sorted.isEmpty else { return nil }
            count = sorted.count
            median = Quantile(0.5, ofSorted: sorted)
            best = Quantile(wantsLow ? 0.05 : 0.95, ofSorted: sorted)
        }
    }

    /// What is told of one number.
    package struct Number: Codable, Equatable, Sendable {
        package var name: String
        /// Nil where it is not known; "1" for a number without unit.
        package var unit: String?
        package var wantsLow: Bool
        /// Of all samples that have it; nil if none has.
        package var all: Spread?
        /// Of those that are stable and, where a model can tell, resemble what it has learned from.
        package var sound: Spread?
        /// Of the crystals with the number, those that resemble what its models have learned from; nil where no model
        /// can tell.
        package var inDomain: EvaluationFigures.Share?

        enum CodingKeys: String, CodingKey {
            case name, unit
            case wantsLow = "wants_low"
            case all
            case sound = "stable_in_domain"
            case inDomain = "in_domain"
        }

        package init(
            name: String, unit: String?, wantsLow: Bool, all: Spread?, sound: Spread?,
            inDomain: EvaluationFigures.Share?
        ) {
            self.name = name
            self.unit = unit
            self.wantsLow = wantsLow
            self.all = all
            self.sound = sound
            self.inDomain = inDomain
        }
    }

    /// What no other crystal dominates.
    package struct Front: Codable, Equatable, Sendable {
        /// Of what it is: quantities, or terms by name.
        package var axes: [String]
        package var reference: [Double]
        package var crystals: Int
        /// Above the reference point, in the product of the axes' units. It grows with the number of samples.
        package var hypervolume: Double
        /// The same of the crystals that are stable and in the domain of the models.
        package var soundCrystals: Int
        package var soundHypervolume: Double

        enum CodingKeys: String, CodingKey {
            case axes, reference, crystals, hypervolume
            case soundCrystals = "stable_in_domain_crystals"
            case soundHypervolume = "stable_in_domain_hypervolume"
        }

        package init(
            axes: [String], reference: [Double], crystals: Int, hypervolume: Double, soundCrystals: Int,
            soundHypervolume: Double
        ) {
            self.axes = axes
            self.reference = reference
            self.crystals = crystals
            self.hypervolume = hypervolume
            self.soundCrystals = soundCrystals
            self.soundHypervolume = soundHypervolume
        }
    }

    /// Terms first, then predicted properties.
    package var numbers: [Number]
    /// Nil where there is a single aim.
    package var front: Front?

    package init(numbers: [Number], front: Front?) {
        self.numbers = numbers
        self.front = front
    }
}
