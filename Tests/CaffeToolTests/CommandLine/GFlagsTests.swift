import CaffeTool
import Testing

@Suite struct `Command lines in gflags style` {
  func read(_ arguments: String..., environment: [String: String] = [:]) throws -> GFlags {
    try GFlags(arguments, booleans: ["shuffle", "gray"], environment: environment)
  }

  @Test(arguments: [["-solver", "x"], ["--solver", "x"], ["-solver=x"], ["--solver=x"]])
  func `one and two dashes, a blank and an equals sign mean the same`(spelling: [String]) throws {
    let line = try GFlags(spelling, booleans: [], environment: [:])
    #expect(line.arguments == ["--solver=x"])
    #expect(line.words.isEmpty)
  }

  @Test func `flags may stand before the command`() throws {
    let line = try read("-gpu", "0", "train", "-solver", "s.prototxt")
    #expect(line.words == ["train"])
    #expect(line.arguments == ["--gpu=0", "--solver=s.prototxt"])
  }

  @Test func `values may begin with a dash, contain equals signs, or be empty`() throws {
    let line = try read("-level", "-1", "--model", "-odd-name.prototxt", "-weights=a=b", "-stage", "")
    #expect(line.arguments == ["--level=-1", "--model=-odd-name.prototxt", "--weights=a=b", "--stage", ""])
  }

  @Test func `a boolean takes no value from the next word`() throws {
    let line = try read("-shuffle", "list.txt", "-nogray")
    #expect(line.words == ["list.txt"])
    #expect(line.arguments == ["--shuffle", "--no-gray"])
  }

  @Test(arguments: [("-shuffle=false", "--no-shuffle"), ("-shuffle=T", "--shuffle"), ("--no-shuffle", "--no-shuffle")])
  func `booleans have several spellings`(written: String, meaning: String) throws {
    #expect(try read(written).arguments == [meaning])
  }

  @Test func `a boolean that is neither true nor false is an error`() {
    #expect(throws: ToolError("Illegal value 'maybe' for the boolean flag -gray: write true or false.")) {
      try read("-gray=maybe")
    }
  }

  @Test func `behind two dashes come only words`() throws {
    #expect(try read("-gray", "--", "-x", "y").words == ["-x", "y"])
  }

  @Test(arguments: ["-help", "--help", "-helpshort", "-h"])
  func `all ways to ask for help are one`(flag: String) throws {
    #expect(try read(flag).arguments == ["--help"])
  }

  @Test func `a flag file adds its lines where it stands`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("# comment\n-model=a b.prototxt\n\n  --iterations 5  \n-shuffle\n", to: "flags")
    let line = try read("-gpu=0", "-flagfile", path, "-level=1")
    #expect(line.arguments == ["--gpu=0", "--model=a b.prototxt", "--iterations=5", "--shuffle", "--level=1"])
  }

  @Test func `a flag file that names itself is an error`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("-flagfile=\(scratch.url.path)/flags\n", to: "flags")
    #expect(throws: ToolError.self) { try read("-flagfile", path) }
  }

  @Test func `a word in a flag file is an error with its line`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("-gray\ntrain\n", to: "flags")
    #expect(throws: ToolError("\(path):2: expected a flag such as -name=value, found \"train\".")) {
      try read("-flagfile", path)
    }
  }

  @Test func `a missing flag file is an error`() {
    #expect(throws: ToolError("/nowhere/flags: cannot read this flag file: No such file or directory")) {
      try read("-flagfile=/nowhere/flags")
    }
  }

  @Test func `flags can come from the environment`() throws {
    let line = try read("-fromenv=model", "-tryfromenv=level", environment: ["FLAGS_model": "m.prototxt"])
    #expect(line.arguments == ["--model=m.prototxt"])
    #expect(throws: ToolError("-fromenv: FLAGS_level is not set in the environment.")) {
      try read("-fromenv=level")
    }
  }
}
