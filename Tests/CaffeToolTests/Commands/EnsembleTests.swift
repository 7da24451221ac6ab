import Caffe
import CaffeTool
import Foundation
import Logging
import Testing

@Suite struct `An ensemble of nets` {
  private let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }

  /// A net that judges the scores that are put into it.
  private func net(scores shape: String, _ scores: [Float], labels labelShape: String, _ labels: [Float]) throws -> Net
  {
    let net = try Net(
      NetDefinition(
        text: """
          layer { name: "score" type: "Input" top: "score" input_param { shape { \(shape) } } }
          layer { name: "label" type: "Input" top: "label" input_param { shape { \(labelShape) } } }
          layer { name: "loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "label" top: "loss" }
          layer { name: "accuracy" type: "Accuracy" bottom: "score" bottom: "label" top: "accuracy" }
          """, file: "judge.prototxt"),
      phase: .test, in: .standard(logger: silent))
    for (name, values) in [("score", scores), ("label", labels)] {
      let target = try #require(net.blob(name)).data.mutableValues
      for (index, value) in values.enumerated() { target[index] = value }
    }
    return net
  }

  private func value(_ name: String, of net: Net) throws -> Float { try #require(net.blob(name)).data.values[0] }

  @Test func `judges the mean of the nets' probabilities`() throws {
    // Alone, both nets take the first item for a wrong class, and one of them the second.
    let a: [Float] = [0.5, 0.1, 0.4, 0.2, 0.7, 0.1]
    let b: [Float] = [0.1, 0.5, 0.4, 0.6, 0.3, 0.1]
    let nets = try [a, b].map { shares in
      // Scores of any size: a softmax takes no notice of what is added to all.
      try net(scores: "dim: 2 dim: 3", shares.map { log($0) + 5 }, labels: "dim: 2", [2, 1])
    }
    let loss = try Ensemble(nets).forward()
    #expect(abs(loss + (log(0.4) + log(0.5)) / 2) < 1e-6)
    #expect(try value("loss", of: nets[0]) == loss)
    #expect(try value("accuracy", of: nets[0]) == 1)
    #expect(try value("accuracy", of: nets[1]) == 0)
  }

  @Test func `takes maps of scores apart by their places`() throws {
    // Two classes at three places each: N × C × W.
    let a: [Float] = [0.9, 0.2, 0.6, 0.1, 0.8, 0.4]
    let b: [Float] = [0.3, 0.4, 0.2, 0.7, 0.6, 0.8]
    let nets = try [a, b].map {
      try net(scores: "dim: 1 dim: 2 dim: 3", $0.map { log($0) }, labels: "dim: 1 dim: 3", [0, 1, 1])
    }
    let loss = try Ensemble(nets).forward()
    #expect(abs(loss + (log(0.6) + log(0.7) + log(0.6)) / 3) < 1e-6)
    #expect(try value("accuracy", of: nets[0]) == 1)
  }

  @Test func `averages probabilities as they are`() throws {
    let nets = try [[0.9, 0.1], [0.2, 0.8]].map { try net(scores: "dim: 1 dim: 2", $0, labels: "dim: 1", [0]) }
    #expect(abs(try Ensemble(nets).forward() + log(0.55)) < 1e-6)
  }

  @Test func `must see the same labels`() throws {
    let nets = try [0, 1].map { try net(scores: "dim: 1 dim: 2", [1, 2], labels: "dim: 1", [$0]) }
    #expect {
      _ = try Ensemble(nets).forward()
    } throws: {
      "\($0)" == "The nets of an ensemble must all read the same data, but loss sees different labels"
    }
  }

  @Test func `must consist of nets that classify`() throws {
    let net = try Net(
      NetDefinition(
        text: #"layer { name: "in" type: "Input" top: "features" input_param { shape { dim: 1 } } }"#,
        file: "in.prototxt"),
      phase: .test, in: .standard(logger: silent))
    #expect {
      _ = try Ensemble([net, net])
    } throws: {
      "\($0)" == "-ensemble needs Accuracy and SoftmaxWithLoss layers, and features is the output of another one"
    }
  }
}
