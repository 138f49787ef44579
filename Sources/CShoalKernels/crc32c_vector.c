// CRC32C by folding: four vectors of 64 bytes each are advanced by 256 bytes with a carry-less multiplication and
// combined with the data there, so that the bytes are read at the speed of memory (Gopal et al., "Fast CRC Computation
// for Generic Polynomials Using PCLMULQDQ", Intel 2009).

#include "crc32c.h"

#ifdef HAS_VECTOR_KERNEL

#include <immintrin.h>

#define TARGET __attribute__((target("sse4.2,pclmul,avx512f,avx512vl,vpclmulqdq")))
#define INLINE TARGET static inline __attribute__((always_inline))

// Moves each lane of 128 bits as far as `by` says, and joins `next` to it.
INLINE __m512i fold(__m512i value, __m512i by, __m512i next) {
  __m512i low = _mm512_clmulepi64_epi128(value, by, 0x00), high = _mm512_clmulepi64_epi128(value, by, 0x11);
  return _mm512_ternarylogic_epi64(low, high, next, 0x96);
}

// For `fold`: past n words of 8 bytes. The first half of a lane has one word further to go.
INLINE __m512i past(size_t n) {
  const uint32_t *powers = shoal_crc32c_powers;
  return _mm512_set4_epi64(powers[n], powers[n + 1], powers[n], powers[n + 1]);
}

// The register after the four lanes.
INLINE uint32_t reduce(__m512i value) {
  const uint32_t *powers = shoal_crc32c_powers;
  __m512i by = _mm512_set_epi64(0, 0, powers[2], powers[3], powers[4], powers[5], powers[6], powers[7]);
  __m512i moved = fold(value, by, _mm512_setzero_si512());
  __m128i last = _mm_ternarylogic_epi64(
    _mm512_castsi512_si128(moved), _mm512_extracti32x4_epi32(moved, 1), _mm512_extracti32x4_epi32(moved, 2), 0x96);
  last = _mm_xor_si128(last, _mm512_extracti32x4_epi32(value, 3));
  uint64_t crc = _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(last));
  return (uint32_t)_mm_crc32_u64(crc, (uint64_t)_mm_extract_epi64(last, 1));
}

// The next 64 bytes, which go to `to` where the caller copies.
#define NEXT(i)                                              \
  ({                                                         \
    __m512i next = _mm512_loadu_si512(from + 64 * (i));      \
    if (copies) _mm512_storeu_si512(to + 64 * (i), next);    \
    next;                                                    \
  })
#define STEP(bytes)          \
  do {                       \
    from += bytes;           \
    count -= bytes;          \
    if (copies) to += bytes; \
  } while (0)

INLINE uint32_t advance(uint32_t crc, const uint8_t *from, size_t count, uint8_t *to, const int copies) {
  if (count >= 256) {
    __m512i a = NEXT(0), b = NEXT(1), c = NEXT(2), d = NEXT(3);
    a = _mm512_xor_si512(a, _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)crc)));
    STEP(256);
    for (__m512i by = past(32); count >= 256;) {
      a = fold(a, by, NEXT(0));
      b = fold(b, by, NEXT(1));
      c = fold(c, by, NEXT(2));
      d = fold(d, by, NEXT(3));
      STEP(256);
    }
    __m512i by = past(8);
    d = fold(fold(fold(a, by, b), by, c), by, d);
    while (count >= 64) {
      d = fold(d, by, NEXT(0));
      STEP(64);
    }
    crc = reduce(d);
  }
  return shoal_crc32c_word(crc, from, count, copies ? to : 0);
}

TARGET uint32_t shoal_crc32c_vector(uint32_t crc, const uint8_t *from, size_t count, uint8_t *to) {
  return to ? advance(crc, from, count, to, 1) : advance(crc, from, count, 0, 0);
}

int shoal_crc32c_has_vector(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("vpclmulqdq");
}

#endif
