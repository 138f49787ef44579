// BLAKE3 (https://github.com/BLAKE3-team/BLAKE3-specs): leaves and parents, many at a time. One source, written with
// vector extensions, is compiled for every level of processor. The tree above it is Swift (Blake3Tree.swift).

#include <string.h>

#include "include/CShoalKernels.h"

enum { CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8 };
enum { BLOCK = 64, LEAF = 1024, VALUE = 32 };

static const uint32_t initial[4] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a};

// BLAKE3 paper §2.2: the quarter round, on vectors or words.
#define ROTATE(x, n) (((x) >> (n)) | ((x) << (32 - (n))))
#define G(a, b, c, d, x, y) \
  do {                      \
    a = a + (x) + b;        \
    d = ROTATE(d ^ a, 16);  \
    c = c + d;              \
    b = ROTATE(b ^ c, 12);  \
    a = a + (y) + b;        \
    d = ROTATE(d ^ a, 8);   \
    c = c + d;              \
    b = ROTATE(b ^ c, 7);   \
  } while (0)

#define ROUND(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p) \
  do {                                                        \
    G(v[0], v[4], v[8], v[12], w[a], w[b]);                   \
    G(v[1], v[5], v[9], v[13], w[c], w[d]);                   \
    G(v[2], v[6], v[10], v[14], w[e], w[f]);                  \
    G(v[3], v[7], v[11], v[15], w[g], w[h]);                  \
    G(v[0], v[5], v[10], v[15], w[i], w[j]);                  \
    G(v[1], v[6], v[11], v[12], w[k], w[l]);                  \
    G(v[2], v[7], v[8], v[13], w[m], w[n]);                   \
    G(v[3], v[4], v[9], v[14], w[o], w[p]);                   \
  } while (0)

// The order in which the rounds use the words of the block: BLAKE3's permutation, applied 0 to 6 times.
#define SEVEN_ROUNDS                                             \
  do {                                                           \
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); \
    ROUND(2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8); \
    ROUND(3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1); \
    ROUND(10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6); \
    ROUND(12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4); \
    ROUND(9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7); \
    ROUND(11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13); \
  } while (0)

// Advances the chaining value `cv` by a block of 64 bytes, of which `count` are input and the rest zero. Plain words: a
// single block is one chain of operations, and vectors have the longer latency.
static void compress(uint32_t *cv, const uint8_t *block, uint32_t count, uint64_t counter, uint32_t flags) {
  uint32_t w[16];
  memcpy(w, block, BLOCK);
  uint32_t v[16] = {
    cv[0], cv[1], cv[2], cv[3], cv[4], cv[5], cv[6], cv[7],
    initial[0], initial[1], initial[2], initial[3], (uint32_t)counter, (uint32_t)(counter >> 32), count, flags};
  SEVEN_ROUNDS;
  for (int i = 0; i < 8; i++) cv[i] = v[i] ^ v[i + 8];
}

#define WIDTH 4
#define TARGET
#define NAME(x) x##_baseline
#include "blake3_template.h"

#if defined(__x86_64__)
#define WIDTH 4
#define TARGET __attribute__((target("sse4.1")))
#define NAME(x) x##_sse41
#include "blake3_template.h"

#define WIDTH 8
#define TARGET __attribute__((target("avx2")))
#define NAME(x) x##_avx2
#include "blake3_template.h"

#define WIDTH 16
#define TARGET __attribute__((target("avx512f,avx512vl")))
#define NAME(x) x##_avx512
#include "blake3_template.h"
#endif

typedef struct {
  size_t width;
  void (*many)(
    const uint8_t *inputs, size_t lanes, size_t stride, size_t blocks, const uint32_t *key, uint64_t counter,
    uint32_t step, uint32_t flags, uint32_t first_flag, uint32_t last_flag, uint8_t *out);
} Kernel;

static const Kernel kernels[] = {
  {0, 0},
  {4, many_baseline},
#if defined(__x86_64__)
  {4, many_sse41},
  {8, many_avx2},
  {16, many_avx512},
#endif
};

static unsigned best;

__attribute__((constructor)) static void find_best(void) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  best = 0;
#else
  best = 1;
#endif
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.1")) best = 2;
  if (best == 2 && __builtin_cpu_supports("avx2")) best = 3;
  if (best == 3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) best = 4;
#endif
}

unsigned shoal_blake3_kernel(void) { return best; }

// The kernel for `count` inputs: a narrower one if it has room for all of them.
static const Kernel *fitting(unsigned kernel, size_t count) {
  while (kernels[kernel].width > 4 && kernels[kernel].width / 2 >= count) kernel--;
  return &kernels[kernel];
}

void shoal_blake3_leaves(
  unsigned kernel, const void *bytes, size_t count, const void *key, uint64_t first, uint32_t flags, void *out) {
  const uint8_t *from = bytes;
  uint8_t *to = out;
  uint32_t words[8];
  memcpy(words, key, VALUE);
  while (count > 1) {
    const Kernel *level = fitting(kernel, count);
    size_t lanes = count < level->width ? count : level->width;
    level->many(from, lanes, LEAF, LEAF / BLOCK, words, first, 1, flags, CHUNK_START, CHUNK_END, to);
    from += lanes * LEAF;
    to += lanes * VALUE;
    first += lanes;
    count -= lanes;
  }
  if (count == 1) shoal_blake3_leaf(from, LEAF, key, first, flags, to);
}

void shoal_blake3_parents(
  unsigned kernel, const void *children, size_t count, const void *key, uint32_t flags, void *out) {
  const uint8_t *from = children;
  uint8_t *to = out;
  uint32_t words[8];
  memcpy(words, key, VALUE);
  while (count > 1) {
    const Kernel *level = fitting(kernel, count);
    size_t lanes = count < level->width ? count : level->width;
    level->many(from, lanes, BLOCK, 1, words, 0, 0, flags | PARENT, 0, 0, to);
    from += lanes * BLOCK;
    to += lanes * VALUE;
    count -= lanes;
  }
  if (count == 1) {
    compress(words, from, BLOCK, 0, flags | PARENT);
    memcpy(to, words, VALUE);
  }
}

void shoal_blake3_leaf(
  const void *bytes, size_t count, const void *key, uint64_t index, uint32_t flags, void *out) {
  const uint8_t *from = bytes;
  uint32_t words[8];
  memcpy(words, key, VALUE);
  uint32_t start = CHUNK_START;
  uint32_t end = CHUNK_END | (flags & ROOT);
  flags &= ~(uint32_t)ROOT;
  for (; count > BLOCK; from += BLOCK, count -= BLOCK) {
    compress(words, from, BLOCK, index, flags | start);
    start = 0;
  }
  uint8_t last[BLOCK] = {0};
  if (count > 0) memcpy(last, from, count);
  compress(words, last, (uint32_t)count, index, flags | start | end);
  memcpy(out, words, VALUE);
}
