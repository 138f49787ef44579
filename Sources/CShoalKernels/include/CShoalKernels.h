// Pure functions that must be vector code, CRC32C and BLAKE3, and one that Swift does not have. The processor's abilities are found once, as the
// program loads; every function here may be called from any thread.
#ifndef C_SHOAL_KERNELS_H
#define C_SHOAL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Begins to bring what is at this address into the cache. Reads nothing that the program sees, so any address will do.
static inline void shoal_prefetch(const void *at) { __builtin_prefetch(at); }

// CRC32C (Castagnoli, reflected, as in iSCSI and SCTP). `kernel` is 0...shoal_crc32c_kernel(); each of them gives the
// same result.

/// The fastest kernel of this processor: 2 carry-less multiplication of 512 bits, 1 an instruction for 8 bytes, 0 tables.
unsigned shoal_crc32c_kernel(void);
/// The CRC32C of what `crc` is the CRC32C of, 0 of nothing, followed by `count` bytes.
uint32_t shoal_crc32c(unsigned kernel, uint32_t crc, const void *bytes, size_t count);
/// The CRC32C of `count` >= 8 bytes with bytes 4..<8 taken as zero.
uint32_t shoal_crc32c_datagram(unsigned kernel, const void *bytes, size_t count);
/// Copies `count` bytes to `to`, which is not null, and returns the CRC32C of what `crc` is the CRC32C of, followed by
/// them. `from` and `to` must not overlap.
uint32_t shoal_crc32c_copy(unsigned kernel, uint32_t crc, void *to, const void *from, size_t count);

// BLAKE3, for little-endian processors. `kernel` is 1...shoal_blake3_kernel(); each of them gives the same result.
// `key` is 32 bytes (the initialisation vector or a key), `flags` the BLAKE3 flags of the mode, and ROOT.

/// The fastest kernel of this processor: 4 AVX-512, 3 AVX2, 2 SSE4.1, 1 baseline vectors (SSE2, NEON), 0 none.
unsigned shoal_blake3_kernel(void);
/// The chaining values of `count` whole leaves of 1,024 bytes, the first of which has index `first`.
void shoal_blake3_leaves(
  unsigned kernel, const void *bytes, size_t count, const void *key, uint64_t first, uint32_t flags, void *out);
/// The chaining values of `count` parents, of 64 bytes of child values each. `out` may be the start of `children`.
void shoal_blake3_parents(
  unsigned kernel, const void *children, size_t count, const void *key, uint32_t flags, void *out);
/// The chaining value of the leaf `index`, of 0 to 1,024 bytes.
void shoal_blake3_leaf(
  const void *bytes, size_t count, const void *key, uint64_t index, uint32_t flags, void *out);

#endif
