// CRC32C by tables, 8 bytes a step ("slicing by 8"), on a processor of either byte order.

#include "crc32c_portable.h"

#include <string.h>

#include "include/CShoalKernels.h"

// tables[k][b]: the register after byte b and k zero bytes.
static uint32_t tables[8][256];

__attribute__((constructor)) static void make_tables(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82f63b78 & (0 - (crc & 1)));
    tables[0][byte] = crc;
  }
  for (int k = 1; k < 8; k++) {
    for (int byte = 0; byte < 256; byte++) {
      uint32_t previous = tables[k - 1][byte];
      tables[k][byte] = (previous >> 8) ^ tables[0][previous & 255];
    }
  }
}

static uint32_t advance(uint32_t crc, const uint8_t *bytes, size_t count) {
  for (; count >= 8; bytes += 8, count -= 8) {
    uint64_t word = load8(bytes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    word ^= crc;
    crc = 0;
    for (int k = 0; k < 8; k++) crc ^= tables[7 - k][(word >> (8 * k)) & 255];
  }
  for (; count > 0; bytes++, count--) crc = (crc >> 8) ^ tables[0][(crc ^ *bytes) & 255];
  return crc;
}

static uint32_t advance_header(const uint8_t *bytes, size_t count) {
  uint8_t start[8] = {bytes[0], bytes[1], bytes[2], bytes[3]};
  return advance(advance(~0u, start, 8), bytes + 8, count - 8);
}

uint32_t shoal_crc32c_portable(const void *bytes, size_t count) { return ~advance(~0u, bytes, count); }

uint32_t shoal_crc32c_datagram_portable(const void *bytes, size_t count) { return ~advance_header(bytes, count); }

uint32_t shoal_crc32c_copy_portable(uint32_t crc, void *to, const void *from, size_t count) {
  if (count > 0) memcpy(to, from, count);
  return ~advance(~crc, to, count);
}
