// CRC32C by the processor's instruction. A register is advanced 8 bytes at a time; three interleaved registers hide the
// latency of the instruction, and a carry-less multiplication by a power of x moves each to its place before they are
// joined.

#include "crc32c.h"

#ifdef HAS_WORD_KERNEL

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#define WORD_TARGET __attribute__((target("sse4.2,pclmul")))
#else
#include <arm_acle.h>
#include <arm_neon.h>
#include <sys/auxv.h>
#define WORD_TARGET __attribute__((target("crc,aes")))
#endif
#define INLINE WORD_TARGET static inline __attribute__((always_inline))

// Words in each stream, at most: 12 KiB a round, so that joining costs about 2 %.
#define MAX_STREAM (MAX_DISTANCE / 2)
// Below this many words in each stream, joining costs more than it hides.
#define MIN_STREAM 6

uint32_t shoal_crc32c_powers[MAX_DISTANCE + 1];

INLINE uint32_t step8(uint32_t crc, uint64_t word) {
#if defined(__x86_64__)
  return (uint32_t)_mm_crc32_u64(crc, word);
#else
  return __crc32cd(crc, word);
#endif
}

INLINE uint32_t step1(uint32_t crc, uint8_t byte) {
#if defined(__x86_64__)
  return _mm_crc32_u8(crc, byte);
#else
  return __crc32cb(crc, byte);
#endif
}

INLINE uint64_t multiply(uint32_t a, uint32_t b) {
#if defined(__x86_64__)
  __m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)a), _mm_cvtsi32_si128((int)b), 0);
  return (uint64_t)_mm_cvtsi128_si64(product);
#else
  return vgetq_lane_u64(vreinterpretq_u64_p128(vmull_p64(a, b)), 0);
#endif
}

// One word through `crc`, and to `to` where the caller copies.
#define WORD(crc, offset)                    \
  do {                                       \
    uint64_t word = load8(from + (offset));  \
    if (copies) store8(to + (offset), word); \
    crc = step8(crc, word);                  \
  } while (0)

INLINE uint32_t advance(uint32_t crc, const uint8_t *from, size_t count, uint8_t *to, const int copies) {
  const uint32_t *powers = shoal_crc32c_powers;
  size_t words = count / 8;
  while (words >= 3 * MIN_STREAM) {
    size_t n = words / 3 < MAX_STREAM ? words / 3 : MAX_STREAM;
    uint32_t second = 0, third = 0;
    for (size_t i = 0; i < n; i++) {
      WORD(crc, 0);
      WORD(second, 8 * n);
      WORD(third, 16 * n);
      from += 8;
      if (copies) to += 8;
    }
    crc = third ^ step8(0, multiply(crc, powers[2 * n]) ^ multiply(second, powers[n]));
    from += 16 * n;
    if (copies) to += 16 * n;
    words -= 3 * n;
  }
  for (; words > 0; words--) {
    WORD(crc, 0);
    from += 8;
    if (copies) to += 8;
  }
  for (size_t i = 0; i < count % 8; i++) {
    if (copies) to[i] = from[i];
    crc = step1(crc, from[i]);
  }
  return crc;
}

WORD_TARGET uint32_t shoal_crc32c_word(uint32_t crc, const uint8_t *from, size_t count, uint8_t *to) {
  return to ? advance(crc, from, count, to, 1) : advance(crc, from, count, 0, 0);
}

WORD_TARGET void shoal_crc32c_make_powers(void) {
  shoal_crc32c_powers[1] = 1;
  for (size_t n = 1; n < MAX_DISTANCE; n++) shoal_crc32c_powers[n + 1] = step8(shoal_crc32c_powers[n], 0);
}

int shoal_crc32c_has_word(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
#else
  unsigned long wanted = HWCAP_CRC32 | HWCAP_PMULL;
  return (getauxval(AT_HWCAP) & wanted) == wanted;
#endif
}

#endif
