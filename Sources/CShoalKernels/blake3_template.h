// The BLAKE3 kernel for one level of processor; blake3.c includes this once for each. Before inclusion define
//   WIDTH   4, 8 or 16: how many inputs are hashed side by side
//   TARGET  the attributes of every function
//   NAME    appends the level's name
// An input is a lane of the vectors: vector i holds word i of every lane, so the rounds need no shuffles.

typedef uint32_t NAME(vec) __attribute__((vector_size(4 * WIDTH)));

#define VEC NAME(vec)
#define INLINE TARGET static inline __attribute__((always_inline))

INLINE VEC NAME(splat)(uint32_t word) { return (VEC){0} + word; }

// Turns WIDTH rows of one lane's words into WIDTH vectors of all lanes' words: 4 by 4 inside each 128-bit part, then
// the parts, as these are the shuffles that are one instruction.
#define SHUFFLE __builtin_shufflevector
#if WIDTH == 4
#define LOW4(a, b) SHUFFLE(a, b, 0, 4, 1, 5)
#define HIGH4(a, b) SHUFFLE(a, b, 2, 6, 3, 7)
#define LOW8(a, b) SHUFFLE(a, b, 0, 1, 4, 5)
#define HIGH8(a, b) SHUFFLE(a, b, 2, 3, 6, 7)
#elif WIDTH == 8
#define LOW4(a, b) SHUFFLE(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH4(a, b) SHUFFLE(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define LOW8(a, b) SHUFFLE(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define HIGH8(a, b) SHUFFLE(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#else
#define LOW4(a, b) SHUFFLE(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HIGH4(a, b) SHUFFLE(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define LOW8(a, b) SHUFFLE(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HIGH8(a, b) SHUFFLE(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define EVEN16(a, b) SHUFFLE(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define ODD16(a, b) SHUFFLE(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)
#endif

INLINE void NAME(transpose)(VEC v[WIDTH]) {
  for (int i = 0; i < WIDTH; i += 4) {
    VEC a = LOW4(v[i], v[i + 1]), b = HIGH4(v[i], v[i + 1]);
    VEC c = LOW4(v[i + 2], v[i + 3]), d = HIGH4(v[i + 2], v[i + 3]);
    v[i] = LOW8(a, c);
    v[i + 1] = HIGH8(a, c);
    v[i + 2] = LOW8(b, d);
    v[i + 3] = HIGH8(b, d);
  }
#if WIDTH == 8
  for (int i = 0; i < 4; i++) {
    VEC a = v[i], b = v[i + 4];
    v[i] = SHUFFLE(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
    v[i + 4] = SHUFFLE(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
  }
#elif WIDTH == 16
  for (int i = 0; i < 4; i++) {
    VEC a = EVEN16(v[i], v[i + 4]), b = ODD16(v[i], v[i + 4]);
    VEC c = EVEN16(v[i + 8], v[i + 12]), d = ODD16(v[i + 8], v[i + 12]);
    v[i] = EVEN16(a, c);
    v[i + 4] = EVEN16(b, d);
    v[i + 8] = ODD16(a, c);
    v[i + 12] = ODD16(b, d);
  }
#endif
}

// The chaining values of `lanes` <= WIDTH inputs of `blocks` whole blocks, `stride` bytes apart. Lane i has the counter
// `counter` + i * `step`.
TARGET static void NAME(many)(
  const uint8_t *inputs, size_t lanes, size_t stride, size_t blocks, const uint32_t *key, uint64_t counter,
  uint32_t step, uint32_t flags, uint32_t first_flag, uint32_t last_flag, uint8_t *out) {
  // A lane without an input hashes the last one again, and its result is not stored.
  const uint8_t *lane[WIDTH];
  VEC low, high;
  for (size_t i = 0; i < WIDTH; i++) {
    lane[i] = inputs + (i < lanes ? i : lanes - 1) * stride;
    low[i] = (uint32_t)(counter + i * step);
    high[i] = (uint32_t)((counter + i * step) >> 32);
  }
  VEC h[8];
  for (int i = 0; i < 8; i++) h[i] = NAME(splat)(key[i]);
  // The lanes are more streams than the processor's prefetcher can follow, so the next bytes are prefetched explicitly.
  uintptr_t ahead = (uintptr_t)inputs + WIDTH * stride;
  for (size_t block = 0; block < blocks; block++) {
    for (int i = 0; i < WIDTH; i++, ahead += 64) __builtin_prefetch((const void *)ahead, 0, 2);
    VEC w[16];
    for (int part = 0; part < 16; part += WIDTH) {
      for (int i = 0; i < WIDTH; i++) __builtin_memcpy(&w[part + i], lane[i] + 64 * block + 4 * part, sizeof(VEC));
      NAME(transpose)(w + part);
    }
    uint32_t block_flags = flags | (block == 0 ? first_flag : 0) | (block + 1 == blocks ? last_flag : 0);
    VEC v[16] = {h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]};
    for (int i = 0; i < 4; i++) v[8 + i] = NAME(splat)(initial[i]);
    v[12] = low;
    v[13] = high;
    v[14] = NAME(splat)(64);
    v[15] = NAME(splat)(block_flags);
    SEVEN_ROUNDS;
    for (int i = 0; i < 8; i++) h[i] = v[i] ^ v[i + 8];
  }
  for (size_t i = 0; i < lanes; i++) {
    for (int j = 0; j < 8; j++) {
      uint32_t word = h[j][i];
      __builtin_memcpy(out + 32 * i + 4 * j, &word, 4);
    }
  }
}

#undef WIDTH
#undef TARGET
#undef NAME
#undef VEC
#undef INLINE
#undef SHUFFLE
#undef LOW4
#undef HIGH4
#undef LOW8
#undef HIGH8
#undef EVEN16
#undef ODD16
