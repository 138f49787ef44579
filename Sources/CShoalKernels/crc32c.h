// What the kernels of CRC32C share. A kernel advances a register (the complement of a CRC) over bytes, and copies them
// to `to` unless that is null.
#ifndef CRC32C_H
#define CRC32C_H

#include <stddef.h>
#include <stdint.h>

#define HIDDEN __attribute__((visibility("hidden")))

typedef uint32_t Crc32cKernel(uint32_t crc, const uint8_t *from, size_t count, uint8_t *to);

HIDDEN Crc32cKernel shoal_crc32c_table;

#if defined(__x86_64__) || (defined(__aarch64__) && defined(__linux__) && defined(__AARCH64EL__))
#define HAS_WORD_KERNEL 1
// The longest distance over which registers are joined, in words of 8 bytes.
#define MAX_DISTANCE 1024
// Of this processor: the kernel works, once its powers are made.
HIDDEN int shoal_crc32c_has_word(void);
HIDDEN void shoal_crc32c_make_powers(void);
HIDDEN Crc32cKernel shoal_crc32c_word;
// powers[n] = x^(64 n - 33) mod P, reflected: multiplying by it and reducing with one more 8-byte step moves a
// register past n words (the step itself multiplies by x^32, the reflected product by x).
HIDDEN extern uint32_t shoal_crc32c_powers[MAX_DISTANCE + 1];
#endif

#if defined(__x86_64__)
#define HAS_VECTOR_KERNEL 1
// Works where the word kernel does, and this is true.
HIDDEN int shoal_crc32c_has_vector(void);
HIDDEN Crc32cKernel shoal_crc32c_vector;
#endif

static inline __attribute__((always_inline)) uint64_t load8(const uint8_t *bytes) {
  uint64_t word;
  __builtin_memcpy(&word, bytes, 8);
  return word;
}

static inline __attribute__((always_inline)) void store8(uint8_t *bytes, uint64_t word) {
  __builtin_memcpy(bytes, &word, 8);
}

#endif
