/* The ceiling: N bytes in UDP datagrams of 1,472, with offload at both ends, without reliability or checks.
 * $RATE is in bits a second of IP packets, or absent: as fast as the kernel takes them, over loopback, where a full
 * socket buffer of the receiver drops datagrams. The receiver ends 0.3 s after the last datagram, and deducts that
 * time. */
#include "pair.h"
#include <netinet/udp.h>
#include <poll.h>

enum { payload = 1472, batch = 44 * payload };

static void send_all(struct pair *pair, int fd) {
  char *content = pair_content();
  int size = payload;
  const char *text = getenv("RATE");
  double rate = text ? atof(text) / 8 / 1e9 * payload / (payload + 28) : 0; /* payload bytes a nanosecond */
  int train = rate && rate * 1e6 < batch ? ((int)(rate * 1e6) / payload ?: 1) * payload : batch;
  if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size)) pair_fail("UDP_SEGMENT");
  if (connect(fd, (struct sockaddr *)&pair->address, sizeof pair->address)) pair_fail("connect");
  pair_ready(pair);
  uint64_t start = pair_now();
  for (uint64_t sent = 0; sent < pair->bytes;) {
    uint64_t left = pair->bytes - sent;
    if (rate) {
      double ahead = sent / rate - (pair_now() - start);
      if (ahead > 50000) {
        struct timespec nap = {0, ahead - 20000};
        nanosleep(&nap, NULL);
      }
    }
    ssize_t n = write(fd, content + sent % payload, left < (uint64_t)train ? left : (uint64_t)train);
    if (n < 0 && errno != ENOBUFS && errno != EAGAIN) pair_fail("write");
    if (n > 0) sent += n;
  }
}

static void receive_all(struct pair *pair, int fd) {
  int on = 1, room = 64 << 20;
  uint64_t last = 0;
  if (setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on)) pair_fail("UDP_GRO");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  if (bind(fd, (struct sockaddr *)&pair->address, sizeof pair->address)) pair_fail("bind");
  pair_ready(pair);
  char *buffer = malloc(1 << 16);
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  for (;;) {
    ssize_t n = recv(fd, buffer, 1 << 16, MSG_DONTWAIT);
    if (n > 0) {
      pair_received += n;
      if (pair_received >= pair->bytes) pair_end();
      continue;
    }
    last = pair_now();
    if (poll(&wait, 1, pair_received ? 300 : -1) == 0) break;
  }
  dprintf(1, "end %llu %llu\n", (unsigned long long)last, (unsigned long long)pair_received);
}

int main(int count, char **arguments) {
  struct pair pair = pair_begin(count, arguments);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  pair.sends ? send_all(&pair, fd) : receive_all(&pair, fd);
  return 0;
}
