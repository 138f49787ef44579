// What every path of CRC32C needs, and the interface of the path without special instructions.
#ifndef CRC32C_PORTABLE_H
#define CRC32C_PORTABLE_H

#include <stddef.h>
#include <stdint.h>

static inline __attribute__((always_inline)) uint64_t load8(const uint8_t *bytes) {
  uint64_t word;
  __builtin_memcpy(&word, bytes, 8);
  return word;
}

static inline __attribute__((always_inline)) void store8(uint8_t *bytes, uint64_t word) {
  __builtin_memcpy(bytes, &word, 8);
}

uint32_t shoal_crc32c_datagram_portable(const void *bytes, size_t count);

#endif
