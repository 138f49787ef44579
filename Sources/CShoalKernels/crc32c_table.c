// CRC32C by tables, 8 bytes a step ("slicing by 8"), on a processor of either byte order.

#include <string.h>

#include "crc32c.h"

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

uint32_t shoal_crc32c_table(uint32_t crc, const uint8_t *from, size_t count, uint8_t *to) {
  if (to && count > 0) memcpy(to, from, count);
  for (; count >= 8; from += 8, count -= 8) {
    uint64_t word = load8(from);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    word ^= crc;
    crc = 0;
    for (int k = 0; k < 8; k++) crc ^= tables[7 - k][(word >> (8 * k)) & 255];
  }
  for (; count > 0; from++, count--) crc = (crc >> 8) ^ tables[0][(crc ^ *from) & 255];
  return crc;
}
