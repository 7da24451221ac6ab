internal import COneDNN

/// What the processor can do beyond the least of its kind.
///
/// oneDNN is asked, so its environment variable `DNNL_MAX_CPU_ISA` holds for our kernels as well.
enum Instructions {
  /// The parts F, CD, BW, DQ and VL of AVX-512.
  static let hasAVX512: Bool = {
    #if canImport(CaffeKernelsAVX512)
      let core = dnnl_cpu_isa_avx512_core.rawValue
      return dnnl_get_effective_cpu_isa().rawValue & core == core
    #else
      return false
    #endif
  }()
}
