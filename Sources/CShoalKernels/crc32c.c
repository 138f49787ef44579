// CRC32C: the choice of the kernel, made as the program loads.

#include "crc32c.h"

#include "include/CShoalKernels.h"

static Crc32cKernel *const kernels[] = {
  shoal_crc32c_table,
#ifdef HAS_WORD_KERNEL
  shoal_crc32c_word,
#endif
#ifdef HAS_VECTOR_KERNEL
  shoal_crc32c_vector,
#endif
};

static unsigned best;

__attribute__((constructor)) static void find_best(void) {
#ifdef HAS_WORD_KERNEL
  if (shoal_crc32c_has_word()) {
    shoal_crc32c_make_powers();
    best = 1;
  }
#endif
#ifdef HAS_VECTOR_KERNEL
  if (best == 1 && shoal_crc32c_has_vector()) best = 2;
#endif
}

unsigned shoal_crc32c_kernel(void) { return best; }

uint32_t shoal_crc32c(unsigned kernel, uint32_t crc, const void *bytes, size_t count) {
  return ~kernels[kernel](~crc, bytes, count, 0);
}

uint32_t shoal_crc32c_datagram(unsigned kernel, const void *bytes, size_t count) {
  const uint8_t *from = bytes;
  uint8_t start[8] = {from[0], from[1], from[2], from[3]};
  return ~kernels[kernel](kernels[kernel](~0u, start, 8, 0), from + 8, count - 8, 0);
}

uint32_t shoal_crc32c_copy(unsigned kernel, uint32_t crc, void *to, const void *from, size_t count) {
  return ~kernels[kernel](~crc, from, count, to);
}
