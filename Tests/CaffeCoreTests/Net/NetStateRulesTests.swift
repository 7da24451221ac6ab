import Caffe
import CaffeTesting
import Testing

@Suite struct `Rules of net states` {
  /// An Input and one layer with rules; says whether that layer is in the net.
  private func isKept(_ rules: String, phase: Phase = .train, level: Int = 0, stages: [String] = []) throws -> Bool {
    let text = inputText + #"layer { name: "a" type: "Double" bottom: "x" top: "y" "# + rules + " }"
    return try makeNet(text, phase: phase, level: level, stages: stages).layer("a") != nil
  }

  @Test func `keep a layer without rules`() throws {
    #expect(try isKept(""))
    #expect(try isKept("", phase: .test, level: 3, stages: ["s"]))
  }

  @Test func `keep a layer in the phase it includes`() throws {
    #expect(try isKept("include { phase: TEST }", phase: .test))
    #expect(try !isKept("include { phase: TEST }", phase: .train))
  }

  @Test func `drop a layer in the phase it excludes`() throws {
    #expect(try !isKept("exclude { phase: TEST }", phase: .test))
    #expect(try isKept("exclude { phase: TEST }", phase: .train))
  }

  @Test(arguments: [(0, false), (1, true), (3, true), (4, false)])
  func `keep a layer within its levels`(level: Int, isKept: Bool) throws {
    #expect(try self.isKept("include { min_level: 1 max_level: 3 }", level: level) == isKept)
  }

  @Test func `ask for every stage of a rule`() throws {
    let rule = #"include { stage: "a" stage: "b" }"#
    #expect(try isKept(rule, stages: ["b", "a", "c"]))
    #expect(try !isKept(rule, stages: ["a"]))
  }

  @Test func `ask for the absence of every not_stage`() throws {
    let rule = #"include { not_stage: "a" not_stage: "b" }"#
    #expect(try isKept(rule))
    #expect(try !isKept(rule, stages: ["b"]))
  }

  @Test func `need one include rule of several to match`() throws {
    let rules = #"include { stage: "a" } include { phase: TEST stage: "b" }"#
    #expect(try isKept(rules, stages: ["a"]))
    #expect(try isKept(rules, phase: .test, stages: ["b"]))
    #expect(try !isKept(rules, stages: ["b"]))
  }

  @Test func `need one exclude rule of several to match`() throws {
    let rules = #"exclude { stage: "a" } exclude { min_level: 2 }"#
    #expect(try !isKept(rules, stages: ["a"]))
    #expect(try !isKept(rules, level: 2))
    #expect(try isKept(rules))
  }

  @Test func `of both kinds in one layer are refused`() throws {
    let text = try #require(
      complaint(
        about: inputText
          + #"layer { name: "a" type: "Double" bottom: "x" top: "y" include { phase: TEST } exclude { phase: TRAIN } }"#
      ))
    #expect(text.contains("Specify either include rules or exclude rules; not both."))
    #expect(text.contains("'a'"))
  }

  @Test func `leave a layer's own phase alone`() throws {
    #expect(try isKept("phase: TEST", phase: .train))
  }

  @Test func `add to the stages that the net itself names`() throws {
    let text =
      #"state { stage: "own" level: 7 }"# + inputText
      + #"layer { name: "a" type: "Double" bottom: "x" top: "y" include { stage: "own" stage: "given" } }"#
    #expect(try makeNet(text, stages: ["given"]).layer("a") != nil)
  }

  @Test(arguments: [
    ("phase: TEST", "The NetState phase (0) differed from the phase (1) specified by a rule in layer a"),
    ("min_level: 2", "The NetState level (0) is below the min_level (2) specified by a rule in layer a"),
    ("max_level: -1", "The NetState level (0) is above the max_level (-1) specified by a rule in layer a"),
    (#"stage: "s""#, "The NetState did not contain stage 's' specified by a rule in layer a"),
  ])
  func `say why they drop a layer`(rule: String, line: String) throws {
    let log = KeptLog()
    _ = try makeNet(
      inputText + #"layer { name: "a" type: "Double" bottom: "x" top: "y" include { "# + rule + " } }", log: log)
    #expect(log.lines.contains(line))
  }
}
