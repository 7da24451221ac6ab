#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Fills the buffer from a file of raw floats of just this number.
func read(_ path: String, into values: UnsafeMutableBufferPointer<Float>) throws {
  guard let file = fopen(path, "rb") else { throw WorkerError("cannot open \(path)") }
  defer { fclose(file) }
  guard fread(values.baseAddress, 4, values.count, file) == values.count, fgetc(file) == EOF else {
    throw WorkerError("\(path) does not hold \(values.count) floats")
  }
}

func write(_ values: [Float], to path: String) throws {
  guard let file = fopen(path, "wb") else { throw WorkerError("cannot write \(path)") }
  let written = fwrite(values, 4, values.count, file)
  guard fclose(file) == 0, written == values.count else { throw WorkerError("cannot write \(path)") }
}
