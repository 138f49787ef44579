// CRC32C. A register is advanced 8 bytes at a time; three interleaved registers hide the latency of the instruction,
// and a carry-less multiplication by a power of x moves each to its place before they are joined.

#include "include/CShoalKernels.h"

#include "crc32c_portable.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#define HAS_HARDWARE_PATH 1
#define HARDWARE __attribute__((target("sse4.2,pclmul")))
#elif defined(__aarch64__) && defined(__linux__) && defined(__AARCH64EL__)
#include <arm_acle.h>
#include <arm_neon.h>
#include <sys/auxv.h>
#define HAS_HARDWARE_PATH 1
#define HARDWARE __attribute__((target("crc,aes")))
#endif

#ifdef HAS_HARDWARE_PATH

// Words of 8 bytes in each stream, at most: 12 KiB a round, so that joining costs about 2 %.
#define MAX_STREAM 512
// Below this many words in each stream joining costs more than it hides.
#define MIN_STREAM 6

static unsigned has_hardware;

// powers[n] = x^(64 n - 33) mod P, reflected: multiplying by it and reducing with one more 8-byte step moves a
// register past n words (the step itself multiplies by x^32, the reflected product by x).
static uint32_t powers[2 * MAX_STREAM + 1];

HARDWARE static inline __attribute__((always_inline)) uint32_t step8(uint32_t crc, uint64_t word) {
#if defined(__x86_64__)
  return (uint32_t)_mm_crc32_u64(crc, word);
#else
  return __crc32cd(crc, word);
#endif
}

HARDWARE static inline __attribute__((always_inline)) uint32_t step1(uint32_t crc, uint8_t byte) {
#if defined(__x86_64__)
  return _mm_crc32_u8(crc, byte);
#else
  return __crc32cb(crc, byte);
#endif
}

HARDWARE static inline __attribute__((always_inline)) uint64_t multiply(uint32_t a, uint32_t b) {
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

HARDWARE static inline __attribute__((always_inline)) uint32_t advance(
  uint32_t crc, const uint8_t *from, size_t count, uint8_t *to, const int copies) {
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

HARDWARE static uint32_t checksum_hardware(const uint8_t *bytes, size_t count) {
  return ~advance(~0u, bytes, count, 0, 0);
}

HARDWARE static uint32_t datagram_hardware(const uint8_t *bytes, size_t count) {
  return ~advance(step8(~0u, load8(bytes) & 0xffffffff), bytes + 8, count - 8, 0, 0);
}

HARDWARE static uint32_t copy_hardware(uint32_t crc, uint8_t *to, const uint8_t *from, size_t count) {
  return ~advance(~crc, from, count, to, 1);
}

HARDWARE static void make_powers(void) {
  powers[1] = 1;
  for (size_t n = 1; n < 2 * MAX_STREAM; n++) powers[n + 1] = step8(powers[n], 0);
}

__attribute__((constructor)) static void find_hardware(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  has_hardware = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
#else
  unsigned long wanted = HWCAP_CRC32 | HWCAP_PMULL;
  has_hardware = (getauxval(AT_HWCAP) & wanted) == wanted;
#endif
  if (has_hardware) make_powers();
}

#define DISPATCH(hardware, portable) return has_hardware ? hardware : portable
unsigned shoal_crc32c_has_hardware(void) { return has_hardware; }

#else

#define DISPATCH(hardware, portable) return portable
unsigned shoal_crc32c_has_hardware(void) { return 0; }

#endif

uint32_t shoal_crc32c(const void *bytes, size_t count) {
  DISPATCH(checksum_hardware(bytes, count), shoal_crc32c_portable(bytes, count));
}

uint32_t shoal_crc32c_datagram(const void *bytes, size_t count) {
  DISPATCH(datagram_hardware(bytes, count), shoal_crc32c_datagram_portable(bytes, count));
}

uint32_t shoal_crc32c_copy(uint32_t crc, void *to, const void *from, size_t count) {
  DISPATCH(copy_hardware(crc, to, from, count), shoal_crc32c_copy_portable(crc, to, from, count));
}
