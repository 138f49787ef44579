/* SRT in file mode with that mode's defaults, no encryption: N bytes from memory, compared at the receiver.
 * $WINDOW in packets, if it is set, widens its window and buffers: faster on loopback, wasteful on a narrow link. */
#include "pair.h"
#include <srt/srt.h>

static void fail(const char *what) {
  dprintf(2, "%s: %s\n", what, srt_getlasterror_str());
  _exit(1);
}

static SRTSOCKET make(void) {
  SRTSOCKET socket = srt_create_socket();
  int file = SRTT_FILE;
  if (srt_setsockflag(socket, SRTO_TRANSTYPE, &file, sizeof file)) fail("file mode");
  if (getenv("WINDOW")) {
    int packets = atoi(getenv("WINDOW")), bytes = packets * 1456;
    srt_setsockflag(socket, SRTO_FC, &packets, sizeof packets);
    srt_setsockflag(socket, SRTO_SNDBUF, &bytes, sizeof bytes);
    srt_setsockflag(socket, SRTO_RCVBUF, &bytes, sizeof bytes);
    srt_setsockflag(socket, SRTO_UDP_SNDBUF, &bytes, sizeof bytes);
    srt_setsockflag(socket, SRTO_UDP_RCVBUF, &bytes, sizeof bytes);
  }
  return socket;
}

int main(int count, char **arguments) {
  struct pair pair = pair_begin(count, arguments);
  srt_startup();
  srt_setloglevel(0);
  SRTSOCKET socket = make();
  char *content = pair_content();
  if (pair.sends) {
    pair_ready(&pair);
    if (srt_connect(socket, (struct sockaddr *)&pair.address, sizeof pair.address) == SRT_ERROR) fail("connect");
    for (uint64_t sent = 0; sent < pair.bytes;) {
      uint64_t left = pair.bytes - sent, most = 256 << 10;
      int n = srt_send(socket, content + sent % pair_block, left < most ? left : most);
      if (n == SRT_ERROR) fail("send");
      sent += n;
    }
    srt_close(socket);
    srt_cleanup();
    return 0;
  }
  if (srt_bind(socket, (struct sockaddr *)&pair.address, sizeof pair.address)) fail("bind");
  if (srt_listen(socket, 1)) fail("listen");
  pair_ready(&pair);
  SRTSOCKET from = srt_accept(socket, NULL, NULL);
  if (from == SRT_INVALID_SOCK) fail("accept");
  char *buffer = malloc(1 << 20);
  for (;;) {
    int n = srt_recv(from, buffer, 1 << 20);
    if (n == SRT_ERROR) fail("receive");
    pair_take(&pair, content, buffer, n);
  }
}
