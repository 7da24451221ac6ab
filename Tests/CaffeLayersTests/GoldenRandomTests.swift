import Caffe
import CaffeTesting
import Testing

/// The recorded cases in which chance plays a part: the same property must hold for the original's draws and for ours.
@Suite struct `Where chance plays a part` {
  @Test(arguments: ["Dropout_train_20", "Dropout_train_50"], EngineChoice.allCases)
  func `Dropout keeps or drops each value, and its gradient with it`(name: String, engine: EngineChoice) throws {
    let golden = try GoldenDraws(contentsOf: GoldenFiles.file(name, in: "random"))
    let ratio = try #require(golden.definition.parameter.layer.last).dropoutParam.dropoutRatio
    for draws in [golden.passes, try golden.draw(on: engine)] {
      let masks = try draws.map { pass in
        let x = try #require(pass.bottoms["x"])
        let y = try #require(pass.tops["y"])
        let mask = y.map { $0 != 0 }
        let scale = 1 / (1 - ratio)
        #expect(disagreements(y, zip(x, mask).map { $1 ? $0 * scale : 0 }, tolerance: golden.tolerance).isEmpty)
        let dy = try #require(pass.topDiffs["y"])
        let dx = try #require(pass.bottomDiffs["x"])
        #expect(disagreements(dx, zip(dy, mask).map { $1 ? $0 * scale : 0 }, tolerance: golden.tolerance).isEmpty)
        let dropped = Float(mask.count { !$0 }) / Float(mask.count)
        #expect(abs(dropped - ratio) < 0.06, "about \(ratio) of the values are dropped")
        return mask
      }
      #expect(Set(masks).count == masks.count, "every pass has a mask of its own")
    }
  }

  @Test(arguments: EngineChoice.allCases)
  func `DummyData fills anew what is not constant`(engine: EngineChoice) throws {
    let golden = try GoldenDraws(contentsOf: GoldenFiles.file("DummyData_refill", in: "random"))
    for draws in [golden.passes, try golden.draw(on: engine)] {
      #expect(Set(draws.compactMap { $0.tops["a"] }).count == draws.count)
      for pass in draws {
        #expect(pass.tops["b"] == [3, 3, 3, 3])
        let a = try #require(pass.tops["a"])
        let deviation = (a.reduce(0) { $0 + $1 * $1 } / Float(a.count)).squareRoot()
        #expect(abs(deviation - 2) < 0.2)
      }
    }
  }
}
