import CaffeTool
import Testing

@Suite struct `The processor` {
  @Test func `is read from the kernel's description`() {
    let processor = Processor(
      description: """
        processor\t: 0
        model name\t: Some CPU @ 2.0GHz
        cache size\t: 33792 KB
        flags\t\t: fpu avx avx2 fma avx512f

        processor\t: 1
        model name\t: Another
        """, processors: 2, memory: 1024)
    #expect(
      processor.facts.map(\.name) == [
        "Name", "Number of processors", "Vector units", "Cache size", "Total memory",
      ])
    #expect(processor.facts.map(\.value) == ["Some CPU @ 2.0GHz", "2", "AVX, AVX2, FMA, AVX-512", "33792 KB", "1024"])
  }

  @Test func `leaves out what the system does not tell`() {
    let processor = Processor(description: "", processors: 8, memory: 1)
    #expect(processor.facts.map(\.name) == ["Number of processors", "Total memory"])
  }
}
