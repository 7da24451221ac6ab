import Foundation
import Testing

@Suite struct `caffe time` {
  @Test func `needs a model`() throws {
    let run = try Run("time")
    #expect(run.status == 2)
    #expect(run.errors.contains("Need a model definition to time."))
  }

  @Test func `knows two phases`() throws {
    let run = try Run("time", "-model", "net.prototxt", "-phase", "train")
    #expect(run.status == 2)
    #expect(run.errors.contains("phase must be \"TRAIN\" or \"TEST\""))
  }

  @Test(arguments: ["TRAIN", "TEST"])
  func `measures every layer in both directions`(phase: String) throws {
    let folder = try Scratch(withFixtures: true)
    let run = try Run("time", "-model", "net_conv.prototxt", "-iterations", "3", "-phase", phase, in: folder.url)
    #expect(run.status == 0)
    let start = try #require(run.messages.firstIndex(of: "*** Benchmark begins ***"))
    let layers =
      phase == "TRAIN"
      ? ["data", "conv1", "pool1", "elu1", "ip1", "loss"]
      : ["data", "label_data_1_split", "conv1", "pool1", "elu1", "ip1", "ip1_ip1_0_split", "loss", "acc"]
    let expected =
      ["*** Benchmark begins ***", "Testing for 3 iterations."]
      + (1...3).map { "Iteration: \($0) forward-backward time: # ms." } + ["Average time per layer: "]
      + layers.flatMap { layer in
        let name = String(repeating: " ", count: max(0, 10 - layer.count)) + layer
        return ["\(name)\tforward: # ms.", "\(name)\tbackward: # ms."]
      } + ["Average Forward pass: # ms.", "Average Backward pass: # ms.", "Average Forward-Backward: # ms."]
      + ["Median Forward pass: # ms.", "Median Backward pass: # ms.", "Median Forward-Backward: # ms."]
      + ["Total Time: # ms.", "*** Benchmark ends ***"]
    let found = run.messages[start...].prefix(expected.count)
    #expect(found.map { $0.replacing(#/[0-9.e+-]+ ms/#, with: "# ms") } == expected)
  }

  @Test(arguments: ["TRAIN", "TEST"])
  func `says what was executed, each layer once`(phase: String) throws {
    let folder = try Scratch(withFixtures: true)
    let run = try Run("time", "-model", "net_conv.prototxt", "-iterations", "2", "-phase", phase, in: folder.url)
    let title = try #require(run.messages.firstIndex { $0.hasPrefix("What was executed forward (medians; limits") })
    #expect(run.messages[title + 1].split(separator: " ").first == "time")
    let backward = run.messages.firstIndex(of: "What was executed backward:")
    #expect((backward != nil) == (phase == "TRAIN"))
    let rows = run.messages[(title + 2)..<(backward ?? run.messages.endIndex)].filter { !$0.isEmpty }
    let layers = rows.flatMap { row in
      row.components(separatedBy: "  ").last!.trimmingCharacters(in: .whitespaces).components(separatedBy: " + ").filter
      { !$0.contains("split") }
    }
    #expect(Set(layers).isSuperset(of: ["conv1", "pool1", "elu1", "ip1"]))
    #expect(Set(layers).count == layers.count)
  }

  @Test func `leaves out kernels that the environment forbids`() throws {
    let folder = try Scratch()
    try folder.write(
      """
      layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 64 dim: 28 dim: 28 } } }
      layer { name: "a" type: "Convolution" bottom: "x" top: "a" convolution_param { num_output: 64 kernel_size: 3 pad: 1 } }
      layer { name: "b" type: "Convolution" bottom: "a" top: "b" convolution_param { num_output: 64 kernel_size: 1 } }
      """, to: "net.prototxt")
    func kernels(_ environment: [String: String]) throws -> [String] {
      let run = try Run(
        "time", "-model", "net.prototxt", "-iterations", "2", "-phase", "TEST", in: folder.url, environment: environment
      )
      #expect(run.status == 0)
      return ["winograd", "panels"].filter { kernel in run.messages.contains { $0.contains(" \(kernel) ") } }
    }
    // Processors without AVX-512 have neither.
    let all = try kernels([:])
    #expect(try kernels(["CAFFE_WINOGRAD": "0"]) == all.filter { $0 != "winograd" })
    #expect(try kernels(["CAFFE_PANELS": "off", "CAFFE_WINOGRAD": "1"]) == all.filter { $0 != "panels" })
  }

  @Test func `writes a profile that trace viewers read`() throws {
    let folder = try Scratch(withFixtures: true)
    let run = try Run(
      "time", "-model", "net_conv.prototxt", "-iterations", "2", "-profile", "out.json", in: folder.url)
    #expect(run.status == 0)
    let file = try Data(contentsOf: folder.url.appending(path: "out.json"))
    let trace = try #require(JSONSerialization.jsonObject(with: file) as? [String: Any])
    let events = try #require(trace["traceEvents"] as? [[String: Any]])
    #expect(events.allSatisfy { $0["ph"] as? String == "X" && $0["ts"] is Double && $0["dur"] is Double })
    func count(_ name: String, _ category: String) -> Int {
      events.count { $0["name"] as? String == name && $0["cat"] as? String == category }
    }
    #expect(count("forward", "pass") == 2)
    #expect(count("conv1", "forward") == 2)
    #expect(count("conv1", "backward") == 2)
    let convolution = try #require(
      events.first { $0["name"] as? String == "conv1" && $0["cat"] as? String == "forward" })
    #expect((convolution["args"] as? [String: String])?["kernel"]?.isEmpty == false)
  }

  @Test func `says where a profile cannot be written`() throws {
    let folder = try Scratch(withFixtures: true)
    let run = try Run(
      "time", "-model", "net_conv.prototxt", "-iterations", "1", "-profile", "no/out.json", in: folder.url)
    #expect(run.status == 1)
    #expect(run.errors.contains("cannot write no/out.json: No such file or directory"))
  }

  @Test func `takes weights`() throws {
    let folder = try Scratch(withFixtures: true)
    let run = try Run("time", "-model", "net_conv.prototxt", "-weights", "no.caffemodel", in: folder.url)
    #expect(run.status == 1)
    #expect(run.errors.contains("File not found: no.caffemodel"))
  }

  @Test func `keeps its input`() throws {
    let folder = try Scratch(withFixtures: true)
    let net = try Data(contentsOf: folder.url.appending(path: "net_conv.prototxt"))
    let run = try Run(
      "time", "-model", "net_conv.prototxt", "-iterations", "1", "-profile", "./net_conv.prototxt", in: folder.url)
    #expect(run.status == 1 && run.errors.contains("would destroy the input, net_conv.prototxt"))
    #expect(try Data(contentsOf: folder.url.appending(path: "net_conv.prototxt")) == net)
  }

  @Test(arguments: ["time", "test"]) func `needs layers`(command: String) throws {
    let folder = try Scratch(withFixtures: true)
    try folder.write("name: \"none\"", to: "net.prototxt")
    let weights = ["-weights", "train_cli_iter_12.caffemodel"]
    let run = try Run([command, "-model", "net.prototxt", "-iterations", "1"] + weights, in: folder.url)
    #expect(run.status == 1 && run.errors.contains("net.prototxt: error: the net has no layers in this phase"))
  }

  @Test func `needs names between commas, and a profile with a name`() throws {
    for flags in [["-weights", ","], ["-weights", "a,,b"], ["-profile", ""]] {
      let run = try Run(["time", "-model", "net.prototxt"] + flags)
      #expect(run.status == 2 && run.errors.contains(/is missing beside a comma|needs a name, and is empty/))
    }
  }
}
