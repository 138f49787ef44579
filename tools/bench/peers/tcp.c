/* Kernel TCP: N bytes from memory to memory, not compared. $CONGESTION names the algorithm. */
#include "pair.h"

int main(int count, char **arguments) {
  struct pair pair = pair_begin(count, arguments);
  int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  const char *algorithm = getenv("CONGESTION");
  if (algorithm && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, algorithm, strlen(algorithm))) pair_fail(algorithm);
  if (pair.sends) {
    char *content = pair_content();
    pair_ready(&pair);
    if (connect(fd, (struct sockaddr *)&pair.address, sizeof pair.address)) pair_fail("connect");
    for (uint64_t sent = 0; sent < pair.bytes;) {
      uint64_t left = pair.bytes - sent, most = 256 << 10;
      ssize_t n = write(fd, content + sent % pair_block, left < most ? left : most);
      if (n < 0) pair_fail("write");
      sent += n;
    }
    shutdown(fd, SHUT_WR);
    char end;
    read(fd, &end, 1);
    return 0;
  }
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&pair.address, sizeof pair.address) || listen(fd, 1)) pair_fail("bind");
  pair_ready(&pair);
  int from = accept(fd, NULL, NULL);
  char *buffer = malloc(1 << 20);
  for (;;) {
    ssize_t n = read(from, buffer, 1 << 20);
    if (n < 0) pair_fail("read");
    pair_received += n;
    if (n == 0 || pair_received >= pair.bytes) pair_end();
  }
}
