internal import COneDNN

/// What the processor can do beyond the least of its kind.
///
/// oneDNN is asked, so its environment variable `DNNL_MAX_CPU_ISA` holds for our kernels as well.
enum Instructions {
  /// The parts F, CD, BW, DQ and VL of AVX-512.
  static let hasAVX512: Bool = {
    #if canImport(CaffeKernelsAVX512)
      return has(dnnl_cpu_isa_avx512_core)
    #else
      return false
    #endif
  }()

  /// Products of pairs of bfloat16 with sums in float32: the part BF16 of AVX-512.
  static let hasBFloat16 = has(dnnl_cpu_isa_avx512_core_bf16)

  /// Products of whole tiles of bfloat16: AMX, which oneDNN makes use of.
  static let hasTiles = has(dnnl_cpu_isa_avx512_core_amx)

  private static func has(_ instructions: dnnl_cpu_isa_t) -> Bool {
    dnnl_get_effective_cpu_isa().rawValue & instructions.rawValue == instructions.rawValue
  }
}
