/* ENet: N bytes in reliable messages of 256 KiB, at most 1 MiB waiting, compared at the receiver. */
#include "pair.h"
#include <enet/enet.h>

enum { message = 256 << 10, waiting = 1 << 20 };

static uint64_t pending;

static void is_free(ENetPacket *packet) { pending -= packet->dataLength; }

static void send_all(struct pair *pair, const char *content) {
  ENetHost *host = enet_host_create(NULL, 1, 1, 0, 0);
  ENetAddress address = {.host = pair->address.sin_addr.s_addr, .port = pair->port};
  ENetEvent event;
  uint64_t sent = 0;
  pair_ready(pair);
  ENetPeer *peer = enet_host_connect(host, &address, 1, 0);
  for (;;) {
    int connected = peer->state == ENET_PEER_STATE_CONNECTED;
    while (connected && sent < pair->bytes && pending < waiting) {
      uint64_t left = pair->bytes - sent, n = left < message ? left : message;
      ENetPacket *packet = enet_packet_create(content + sent % pair_block, n, ENET_PACKET_FLAG_RELIABLE);
      if (!packet || enet_peer_send(peer, 0, packet)) pair_fail("send");
      packet->freeCallback = is_free;
      pending += n;
      sent += n;
    }
    if (enet_host_service(host, &event, 1) < 0) pair_fail("service");
    if (event.type == ENET_EVENT_TYPE_DISCONNECT) pair_fail("disconnected");
  }
}

static void receive_all(struct pair *pair, const char *content) {
  ENetAddress address = {.host = pair->address.sin_addr.s_addr, .port = pair->port};
  ENetHost *host = enet_host_create(&address, 1, 1, 0, 0);
  ENetEvent event;
  if (!host) pair_fail("bind");
  pair_ready(pair);
  for (;;) {
    if (enet_host_service(host, &event, 100) < 0) pair_fail("service");
    if (event.type == ENET_EVENT_TYPE_DISCONNECT) pair_fail("disconnected");
    if (event.type != ENET_EVENT_TYPE_RECEIVE) continue;
    uint64_t before = pair_received + event.packet->dataLength;
    if (before >= pair->bytes) enet_host_flush(host);
    pair_take(pair, content, (const char *)event.packet->data, event.packet->dataLength);
    enet_packet_destroy(event.packet);
  }
}

int main(int count, char **arguments) {
  struct pair pair = pair_begin(count, arguments);
  if (enet_initialize()) pair_fail("enet");
  char *content = pair_content();
  pair.sends ? send_all(&pair, content) : receive_all(&pair, content);
  return 0;
}
