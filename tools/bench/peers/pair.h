/* What the pair programs in C have in common.
 *
 *   PROGRAM recv ADDRESS PORT BYTES      prints "ready", then "end NANOSECONDS BYTES" when all has arrived, or at SIGTERM
 *   PROGRAM send ADDRESS PORT BYTES      prints "ready", waits for a line on standard input, prints "start NANOSECONDS",
 *                                        connects and sends
 *
 * Times are CLOCK_MONOTONIC, so the two ends' can be compared. Start-up is included. */
#ifndef PAIR_H
#define PAIR_H
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct pair {
  int sends;
  struct sockaddr_in address;
  const char *host;
  int port;
  uint64_t bytes;
};

static volatile uint64_t pair_received;

static uint64_t pair_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Reports the end and exits without waiting for a library to tidy up. */
static void pair_end(void) {
  dprintf(1, "end %llu %llu\n", (unsigned long long)pair_now(), (unsigned long long)pair_received);
  _exit(0);
}

static void pair_stop(int signal) {
  (void)signal;
  pair_end();
}

static void pair_fail(const char *what) {
  dprintf(2, "%s: %s\n", what, strerror(errno));
  _exit(1);
}

static struct pair pair_begin(int count, char **arguments) {
  struct pair pair = {0};
  if (count != 5) {
    dprintf(2, "usage: %s send|recv ADDRESS PORT BYTES\n", arguments[0]);
    exit(2);
  }
  pair.sends = !strcmp(arguments[1], "send");
  pair.host = arguments[2];
  pair.port = atoi(arguments[3]);
  pair.bytes = strtoull(arguments[4], NULL, 10);
  pair.address.sin_family = AF_INET;
  pair.address.sin_port = htons(pair.port);
  if (inet_pton(AF_INET, pair.host, &pair.address.sin_addr) != 1) pair_fail(pair.host);
  if (!pair.sends) signal(SIGTERM, pair_stop);
  signal(SIGPIPE, SIG_IGN);
  return pair;
}

static void pair_ready(const struct pair *pair) {
  char line[16];
  dprintf(1, "ready\n");
  if (!pair->sends) return;
  if (read(0, line, sizeof line) <= 0) exit(1);
  dprintf(1, "start %llu\n", (unsigned long long)pair_now());
}

/* The stream is a block of this size, over and over. */
enum { pair_block = 1 << 20 };

static char *pair_content(void) {
  char *block = (char *)malloc(2 * pair_block);
  uint64_t state = 88172645463325252ull;
  for (int i = 0; i < pair_block; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    block[i] = block[i + pair_block] = (char)state;
  }
  return block;
}

/* Compares what arrived with what was sent, and ends the program when everything has arrived. */
static inline void pair_take(const struct pair *pair, const char *content, const char *data, uint64_t length) {
  for (uint64_t done = 0; done < length;) {
    uint64_t some = length - done < pair_block ? length - done : pair_block;
    if (memcmp(content + (pair_received + done) % pair_block, data + done, some)) {
      dprintf(2, "the content differs\n");
      _exit(1);
    }
    done += some;
  }
  pair_received += length;
  if (pair_received >= pair->bytes) pair_end();
}
#endif
