// What Swift cannot express about Linux: variadic calls and macros for namespaces, TUN devices and interfaces. No
// logic.
#ifndef CSHOALWAN_H
#define CSHOALWAN_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define SHOAL_EFD_CLOEXEC 02000000
#define SHOAL_EFD_NONBLOCK 04000
#define SHOAL_MS_BIND 4096
#define SHOAL_MS_REC 16384
#define SHOAL_MS_SHARED (1 << 20)
#define SHOAL_MNT_DETACH 2
#define SHOAL_CLONE_NEWNET 0x40000000
#define SHOAL_IFF_TUN 0x0001
#define SHOAL_IFF_NO_PI 0x1000

// Not `struct in6_ifreq` itself: the kernel's header for it clashes with the C library's.
struct shoal_in6_ifreq {
  uint8_t address[16];
  uint32_t prefix_length;
  int32_t interface;
};

static const unsigned long shoal_tunsetiff = TUNSETIFF;

static inline int shoal_ioctl(int descriptor, unsigned long request, void *argument) {
  return ioctl(descriptor, request, argument);
}

// Declared here too, because the system's declarations need _GNU_SOURCE, which users of this module may not define.
int setns(int descriptor, int kind);
int unshare(int flags);
int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *timeout, const sigset_t *mask);

static inline int shoal_timer_slack(unsigned long nanoseconds) { return prctl(PR_SET_TIMERSLACK, nanoseconds); }

#endif
