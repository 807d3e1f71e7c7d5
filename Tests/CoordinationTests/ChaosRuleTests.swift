import Coordination
import Testing

@Suite struct ChaosRuleTests {
    @Test func faults_areReadByName() throws {
        let rule = try ChaosRule("kill=0.001,delay=0.1:2.5,corrupt=0.01,duplicate=1,lose=0")
        #expect(rule.kill == 0.001 && rule.delay == 0.1 && rule.delaySeconds == 2.5)
        #expect(rule.corrupt == 0.01 && rule.duplicate == 1 && rule.lose == 0)
        #expect(try ChaosRule("delay=0.5").delaySeconds == 1)
    }

    @Test(arguments: [
        "", "kill", "kill=", "kill=2", "lose=-0.1", "drop=0.1", "kill=0.1,", "delay=0.1:x", "delay=0.1:1:1",
        "kill=0.1:1",
        "kill=nan", "delay=0.1:-1",
    ]) func nonsense_isRefused(text: String) {
        #expect(throws: ChaosError.self) { try ChaosRule(text) }
    }
}
