#pragma once

/// Asks for the cache line of an address, which need not be valid, to be fetched from memory.
static inline __attribute__((always_inline)) void caffe_prefetch(const void *address) {
  __builtin_prefetch(address, /* for writing */ 0, /* locality */ 3);
}

/// The same for a line that will be written.
static inline __attribute__((always_inline)) void caffe_prefetch_for_writing(const void *address) {
  __builtin_prefetch(address, 1, 3);
}

#ifdef __AVX512BF16__
#include <immintrin.h>

/// 16 numbers in bfloat16 as floats.
static inline __attribute__((always_inline)) __m512 caffe_widen_bfloat16(__m256i values) {
  return (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(values), 16);
}

/// For each of 16 lanes, sum + a₀ · b₀ + a₁ · b₁ of the two numbers in bfloat16 that the lanes of a and b hold.
static inline __attribute__((always_inline)) __m512 caffe_add_products_of_pairs(__m512 sums, __m512 a, __m512 b) {
  return _mm512_dpbf16_ps(sums, (__m512bh)a, (__m512bh)b);
}

/// The nearest numbers in bfloat16, of two equally near ones the even one.
static inline __attribute__((always_inline)) __m256i caffe_round_to_bfloat16(__m512 values) {
  return (__m256i)_mm512_cvtneps_pbh(values);
}
#endif
