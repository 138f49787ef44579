// Load for a tracker on this machine, from one core: every simulated peer has an address of its own, in 127.0.0.0/8 or,
// each in a /64 of its own, in fd77::/16 (ip -6 route add local fd77::/16 dev lo). All connect and register, CHUNK after
// CHUNK, since cookies do not last; then each line of the input, PHASE SECONDS [REQUESTS_A_SECOND], is a phase in which
// a quarter of a million of them, spread over all, connect again and then ask at random. Prints a line for each phase:
// requests, replies, wall and server CPU seconds, latency, the server's resident bytes.
//
//   load shoal|shoal6|opentracker PORT PID PEERS PER_FILE [MOST_IN_FLIGHT]
//   load ids FILES
//   load flood PORT DATAGRAMS   (forged REGISTERs and CONNECTs from random addresses, as fast as a core can)
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <immintrin.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, ROOM = 2048 };
enum { CONNECT, REGISTER, AGAIN, PEERS, LOOKUP, PHASES };
static const char *names[] = {"connect", "new", "again", "announce", "lookup"};

static int isShoal, isIPv6, sock, pid;
static uint16_t sourcePort;
static struct sockaddr_in server;
static struct sockaddr_in6 server6;
static uint32_t peers, perFile, files;
// The peers that take part in a phase: every `stride`th from `base` on.
static uint32_t base, stride = 1, span;
enum { CHUNK = 1000000, ASKING = 250000 };
static uint64_t *cookies;
static uint32_t *sentAt;  // by peer: microseconds, 0 when nothing is under way
static double latencies[1 << 20];
static size_t latencyCount, seen;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static double serverCPU(void) {
  char path[64], name[512];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *folder = opendir(path);
  double sum = 0;
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    if (entry->d_name[0] == '.') continue;
    snprintf(name, sizeof name, "%s/%s/schedstat", path, entry->d_name);
    FILE *file = fopen(name, "r");
    unsigned long long nanoseconds = 0;
    if (file && fscanf(file, "%llu", &nanoseconds) == 1) sum += nanoseconds / 1e9;
    if (file) fclose(file);
  }
  if (folder) closedir(folder);
  return sum;
}

static uint64_t resident(void) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "r");
  unsigned long kilobytes = 0;
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "VmRSS: %lu", &kilobytes) == 1) break;
  if (file) fclose(file);
  return (uint64_t)kilobytes * 1024;
}

static uint32_t crc32c(const uint8_t *bytes, size_t count) {
  uint64_t crc = 0xffffffff;
  for (; count >= 8; bytes += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  for (; count; bytes++, count--) crc = _mm_crc32_u8((uint32_t)crc, *bytes);
  return (uint32_t)crc ^ 0xffffffff;
}

static uint8_t *put(uint8_t *at, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; i--) *at++ = (uint8_t)(value >> (8 * i));
  return at;
}

static uint8_t *putID(uint8_t *at, uint32_t file, int bytes) {
  uint64_t x = file * 0x9e3779b97f4a7c15ull + 1;
  for (int i = 0; i < bytes; i++) {
    x ^= x >> 29, x *= 0xbf58476d1ce4e5b9ull, x ^= x >> 32;
    *at++ = (uint8_t)x;
  }
  return at;
}

static uint32_t fileOf(uint32_t peer) { return (uint32_t)(((uint64_t)peer * 2654435761u) % files); }

static size_t shoal(uint8_t *out, int phase, uint32_t peer) {
  static const uint8_t types[] = {0x21, 0x23, 0x23, 0x23, 0x29};
  uint8_t *at = put(out, 0x5368, 2);
  at = put(at, 1, 1);
  at = put(at, types[phase], 1);
  at = put(at, 0, 4);
  at = put(at, (uint64_t)phase << 32 | peer, 8);
  if (phase == CONNECT) {
    memset(at, 0, 48);
    at += 48;
  } else {
    at = put(at, cookies[peer], 8);
    at = putID(at, fileOf(peer), 32);
    if (phase == LOOKUP) {
      at = put(at, 0xffffffff, 4);
      at = put(at, 50, 1);
    } else {
      at = put(at, 100 << 20, 8);  // 100 MiB in chunks of 1 MiB, all of them here
      at = put(at, 20, 1);
      at = put(at, 100, 4);
      at = put(at, 0, 1);
      at = put(at, 1, 2);
      at = put(at, 0, 1);
      at = put(at, 0x4000 | 100, 2);
      at = put(at, phase == PEERS || phase == REGISTER ? 50 : 0, 1);  // want
      at = put(at, 0, 4);  // cursor
    }
  }
  uint32_t crc = crc32c(out, (size_t)(at - out));
  put(out + 4, crc, 4);
  return (size_t)(at - out);
}

static size_t opentracker(uint8_t *out, int phase, uint32_t peer) {
  uint32_t transaction = peer;
  if (phase == CONNECT) {
    uint8_t *at = put(out, 0x41727101980ull, 8);
    at = put(at, 0, 4);
    return (size_t)(put(at, transaction, 4) - out);
  }
  uint8_t *at = put(out, cookies[peer], 8);
  at = put(at, 1, 4);
  at = put(at, transaction, 4);
  at = putID(at, fileOf(peer), 20);
  memcpy(at, "-XX0001-", 8);
  at = put(at + 8, peer, 8);
  at = put(at, 0, 4);
  at = put(at, 100 << 20, 8);  // downloaded
  at = put(at, 0, 8);          // left: nothing
  at = put(at, 0, 8);
  at = put(at, 0, 4);  // event
  at = put(at, 0, 4);
  at = put(at, peer, 4);
  at = put(at, phase == PEERS || phase == REGISTER ? 50 : 0, 4);
  return (size_t)(put(at, sourcePort, 2) - out);
}

static uint64_t get(const uint8_t *at, int bytes) {
  uint64_t value = 0;
  while (bytes--) value = value << 8 | *at++;
  return value;
}

static uint64_t replyBytes, refused;

// Takes a reply; returns the peer that it is for, or -1.
static int64_t take(const uint8_t *in, size_t count, int phase) {
  if (isShoal) {
    if (count < 16 || get(in, 2) != 0x5368) return -1;
    uint64_t transaction = get(in + 8, 8);
    uint32_t peer = (uint32_t)transaction;
    if ((int)(transaction >> 32) != phase || peer >= peers) return -1;
    if (in[3] == 0x22) cookies[peer] = get(in + 16, 8);
    if (in[3] == 0x2f) refused++;
    return peer;
  }
  if (count < 8) return -1;
  uint32_t peer = (uint32_t)get(in + 4, 4), action = (uint32_t)get(in, 4);
  if (peer >= peers) return -1;
  if (action == 0 && count >= 16) cookies[peer] = get(in + 8, 8);
  if (action == 3) refused++;
  return peer;
}

static struct mmsghdr outgoing[BATCH], incoming[BATCH];
static struct iovec outVectors[BATCH], inVectors[BATCH];
static uint8_t outBytes[BATCH][ROOM], inBytes[BATCH][ROOM];
static char outControl[BATCH][CMSG_SPACE(sizeof(struct in6_pktinfo))];

static void flush(int count) {
  int sent = 0;
  while (sent < count) {
    int n = sendmmsg(sock, outgoing + sent, (unsigned)(count - sent), 0);
    if (n > 0) sent += n;
    else if (errno == EAGAIN || errno == ENOBUFS) poll(&(struct pollfd){sock, POLLOUT, 0}, 1, 1);
    else { perror("sendmmsg"); exit(1); }
  }
}

static int queue(int count, int phase, uint32_t peer) {
  size_t length = isShoal ? shoal(outBytes[count], phase, peer) : opentracker(outBytes[count], phase, peer);
  outVectors[count] = (struct iovec){outBytes[count], length};
  struct cmsghdr *control = (struct cmsghdr *)outControl[count];
  if (isIPv6) {
    control->cmsg_level = IPPROTO_IPV6;
    control->cmsg_type = IPV6_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof(struct in6_pktinfo));
    struct in6_pktinfo info = {0};
    info.ipi6_addr = (struct in6_addr){{{0xfd, 0x77, 0, 0, (uint8_t)(peer >> 24), (uint8_t)(peer >> 16),
                                         (uint8_t)(peer >> 8), (uint8_t)peer, [15] = 1}}};
    memcpy(CMSG_DATA(control), &info, sizeof info);
    return count + 1;
  }
  control->cmsg_level = IPPROTO_IP;
  control->cmsg_type = IP_PKTINFO;
  control->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
  struct in_pktinfo info = {0};
  info.ipi_spec_dst.s_addr = htonl(0x7f000100u + peer);
  memcpy(CMSG_DATA(control), &info, sizeof info);
  return count + 1;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static uint32_t peerOf(uint64_t index) { return base + (uint32_t)index * stride; }

// Sends a request of each peer that takes part, or those of random ones, with so many under way, or so many a second.
static void run(int phase, double seconds, int most, double rate, int isShown) {
  double start = now(), cpu = serverCPU();
  uint64_t sent = 0, got = 0, lost = 0, total = span;
  static uint64_t random = 88172645463325252ull;
  latencyCount = seen = 0, replyBytes = refused = 0;
  int flying = 0;
  double heard = start;
  int isWhole = phase == CONNECT || phase == REGISTER;
  memset(sentAt, 0, peers * sizeof *sentAt);
  uint32_t retry = 0;
  int isDone = 0;
  while (!isDone) {
    int count = 0;
    double t = now();
    while (count < BATCH && flying < most && (rate <= 0 || sent < (t - start) * rate)) {
      uint32_t peer;
      if (isWhole) {
        if (sent < total) peer = peerOf(sent);
        else {
          // Those without a reply are asked again.
          while (retry < span && sentAt[peerOf(retry)] == UINT32_MAX) retry++;
          if (retry >= span) break;
          if (count > 0 || flying > 0) break;
          peer = peerOf(retry);
        }
      } else {
        if (t - start > seconds) break;
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        peer = peerOf(random % span);
        if (sentAt[peer]) continue;
      }
      sentAt[peer] = (uint32_t)((t - start) * 1e6) + 1;
      count = queue(count, phase, peer);
      sent++, flying++;
    }
    if (count) flush(count);
    for (;;) {
      for (int i = 0; i < BATCH; i++) incoming[i].msg_hdr.msg_controllen = 0;
      int n = recvmmsg(sock, incoming, BATCH, MSG_DONTWAIT, NULL);
      if (n <= 0) break;
      t = now();
      heard = t;
      for (int i = 0; i < n; i++) {
        int64_t peer = take(inBytes[i], incoming[i].msg_len, phase);
        if (peer < 0 || !sentAt[peer] || sentAt[peer] == UINT32_MAX) continue;
        double latency = (t - start) - (sentAt[peer] - 1) / 1e6;
        if (latencyCount < 1 << 20) latencies[latencyCount++] = latency;
        else if (++seen) latencies[(seen * 2654435761u) % (1 << 20)] = latency;
        sentAt[peer] = isWhole ? UINT32_MAX : 0;
        replyBytes += incoming[i].msg_len;
        got++;
        if (flying > 0) flying--;
      }
      if (n < BATCH) break;
    }
    t = now();
    if (t - heard > 0.3 && flying > 0) lost += (uint64_t)flying, flying = 0, heard = t;
    if (isWhole) isDone = got >= total;
    else isDone = t - start > seconds && (flying == 0 || t - start > seconds + 0.5);
    if (!count && !isDone) poll(&(struct pollfd){sock, POLLIN, 0}, 1, 1);
  }
  double wall = now() - start;
  cpu = serverCPU() - cpu;
  if (!isShown) return;
  qsort(latencies, latencyCount, sizeof *latencies, compare);
  double p50 = latencyCount ? latencies[latencyCount / 2] : 0, p99 = latencyCount ? latencies[latencyCount * 99 / 100] : 0;
  double worst = latencyCount ? latencies[latencyCount - 1] : 0;
  double p999 = latencyCount ? latencies[latencyCount * 999 / 1000] : 0;
  printf("{\"phase\": \"%s%s\", \"peers\": %u, \"requests\": %llu, \"replies\": %llu, \"refused\": %llu, \"lost\": %llu, "
         "\"reply_bytes\": %.1f, \"seconds\": %.3f, \"cpu\": %.3f, \"us_per_request\": %.3f, \"p50_ms\": %.3f, "
         "\"p99_ms\": %.3f, \"p999_ms\": %.3f, \"max_ms\": %.3f, \"resident\": %llu}\n",
         names[phase], rate > 0 ? "_paced" : "", base + span * stride, (unsigned long long)sent, (unsigned long long)got,
         (unsigned long long)refused, (unsigned long long)lost, got ? (double)replyBytes / got : 0, wall, cpu,
         got ? cpu / got * 1e6 : 0, p50 * 1e3, p99 * 1e3, p999 * 1e3, worst * 1e3, (unsigned long long)resident());
  fflush(stdout);
}

static int flood(int port, long total) {
  sock = socket(AF_INET, SOCK_DGRAM, 0);
  int size = 8 << 20, small = 1;
  setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(9999)};
  if (bind(sock, (struct sockaddr *)&own, sizeof own)) return perror("bind"), 1;
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  peers = 1 << 23, files = 1000, isShoal = 1;
  cookies = calloc(peers, sizeof *cookies);
  uint64_t random = 88172645463325252ull;
  double start = now();
  for (long sent = 0; sent < total; sent += BATCH) {
    for (int i = 0; i < BATCH; i++) {
      random ^= random << 13, random ^= random >> 7, random ^= random << 17;
      uint32_t peer = (uint32_t)(random % peers);
      cookies[peer] = random;
      outgoing[i].msg_hdr = (struct msghdr){&server, sizeof server, &outVectors[i], 1, outControl[i], CMSG_SPACE(sizeof(struct in_pktinfo)), 0};
      queue(i, i % 2 ? CONNECT : REGISTER, peer);
    }
    flush(BATCH);
  }
  printf("%ld datagrams in %.2f s\n", total, now() - start);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 4 && !strcmp(argv[1], "flood")) return flood(atoi(argv[2]), atol(argv[3]));
  if (argc == 3 && !strcmp(argv[1], "ids")) {
    // The ids of so many files, as opentracker lists those that it accepts.
    for (uint32_t file = 0; file < (uint32_t)atol(argv[2]); file++) {
      uint8_t id[20];
      putID(id, file, 20);
      for (int i = 0; i < 20; i++) printf("%02x", id[i]);
      putchar('\n');
    }
    return 0;
  }
  if (argc < 6) return fprintf(stderr, "usage: load shoal|shoal6|opentracker PORT PID PEERS PER_FILE [IN_FLIGHT]\n"), 2;
  isShoal = !strncmp(argv[1], "shoal", 5);
  isIPv6 = !strcmp(argv[1], "shoal6");
  pid = atoi(argv[3]);
  peers = (uint32_t)atol(argv[4]);
  perFile = (uint32_t)atol(argv[5]);
  // Several loads may run at a time.
  sourcePort = (uint16_t)(20000 + atoi(argv[2]) % 1000);
  int most = argc > 6 ? atoi(argv[6]) : 256;
  files = peers / perFile > 0 ? peers / perFile : 1;
  cookies = calloc(peers, sizeof *cookies);
  sentAt = calloc(peers, sizeof *sentAt);
  sock = socket(isIPv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  int size = 8 << 20, one = 1;
  setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(sourcePort)};
  struct sockaddr_in6 own6 = {.sin6_family = AF_INET6, .sin6_port = htons(sourcePort)};
  if (isIPv6) setsockopt(sock, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof one);
  if (isIPv6 ? bind(sock, (struct sockaddr *)&own6, sizeof own6) : bind(sock, (struct sockaddr *)&own, sizeof own))
    return perror("bind"), 1;
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  server6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = server.sin_port, .sin6_addr = in6addr_loopback};
  size_t control = isIPv6 ? CMSG_SPACE(sizeof(struct in6_pktinfo)) : CMSG_SPACE(sizeof(struct in_pktinfo));
  for (int i = 0; i < BATCH; i++) {
    outgoing[i].msg_hdr = (struct msghdr){isIPv6 ? (void *)&server6 : (void *)&server,
                                          isIPv6 ? sizeof server6 : sizeof server, &outVectors[i], 1, outControl[i],
                                          control, 0};
    inVectors[i] = (struct iovec){inBytes[i], ROOM};
    incoming[i].msg_hdr = (struct msghdr){NULL, 0, &inVectors[i], 1, NULL, 0, 0};
  }
  printf("{\"phase\": \"start\", \"resident\": %llu}\n", (unsigned long long)resident());
  for (base = 0; base < peers; base += CHUNK) {
    span = peers - base < CHUNK ? peers - base : CHUNK;
    run(CONNECT, 0, most, 0, 1);
    run(REGISTER, 0, most, 0, 1);
  }
  base = 0, span = peers < ASKING ? peers : ASKING, stride = peers / span;
  char line[128], name[32];
  while (fgets(line, sizeof line, stdin)) {
    double seconds = 0, rate = 0;
    if (sscanf(line, "%31s %lf %lf", name, &seconds, &rate) < 2) break;
    for (int phase = AGAIN; phase < PHASES; phase++) {
      if (strcmp(name, names[phase])) continue;
      run(CONNECT, 0, most, 0, 0);
      run(phase, seconds, rate > 0 ? 1 << 16 : most, rate, 1);
    }
  }
  return 0;
}
