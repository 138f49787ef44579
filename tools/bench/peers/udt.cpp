// UDT 4 with its own defaults: N bytes from memory, compared at the receiver.
#include "pair.h"
#include <udt/udt.h>

static void fail(const char *what) {
  dprintf(2, "%s: %s\n", what, UDT::getlasterror().getErrorMessage());
  _exit(1);
}

int main(int count, char **arguments) {
  struct pair pair = pair_begin(count, arguments);
  UDT::startup();
  UDTSOCKET socket = UDT::socket(AF_INET, SOCK_STREAM, 0);
  char *content = pair_content();
  if (pair.sends) {
    pair_ready(&pair);
    if (UDT::connect(socket, (sockaddr *)&pair.address, sizeof pair.address) == UDT::ERROR) fail("connect");
    for (uint64_t sent = 0; sent < pair.bytes;) {
      uint64_t left = pair.bytes - sent, most = 256 << 10;
      int n = UDT::send(socket, content + sent % pair_block, left < most ? left : most, 0);
      if (n == UDT::ERROR) fail("send");
      sent += n;
    }
    UDT::close(socket);
    UDT::cleanup();
    return 0;
  }
  if (UDT::bind(socket, (sockaddr *)&pair.address, sizeof pair.address) == UDT::ERROR) fail("bind");
  if (UDT::listen(socket, 1) == UDT::ERROR) fail("listen");
  pair_ready(&pair);
  UDTSOCKET from = UDT::accept(socket, NULL, NULL);
  if (from == UDT::INVALID_SOCK) fail("accept");
  char *buffer = (char *)malloc(1 << 20);
  for (;;) {
    int n = UDT::recv(from, buffer, 1 << 20, 0);
    if (n == UDT::ERROR) fail("receive");
    pair_take(&pair, content, buffer, n);
  }
}
