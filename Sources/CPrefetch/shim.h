#pragma once

/// Asks for the cache line of an address, which need not be valid, to be fetched from memory.
static inline __attribute__((always_inline)) void caffe_prefetch(const void *address) {
  __builtin_prefetch(address, /* for writing */ 0, /* locality */ 3);
}

/// The same for a line that will be written.
static inline __attribute__((always_inline)) void caffe_prefetch_for_writing(const void *address) {
  __builtin_prefetch(address, 1, 3);
}
