// What Swift cannot express about Linux: control-message macros, epoll and eventfd, constants that libc headers may
// lack. No logic lives here. Compiles with and without _GNU_SOURCE, since clients of `Shoal` do not define it.
#ifndef CSHOAL_H
#define CSHOAL_H

#include <linux/filter.h>
#include <linux/magic.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define SHOAL_SOL_UDP 17
#define SHOAL_SO_ATTACH_REUSEPORT_CBPF 51
#define SHOAL_UDP_SEGMENT 103
#define SHOAL_UDP_GRO 104
#define SHOAL_EPOLL_CLOEXEC 02000000
#define SHOAL_EFD_CLOEXEC 02000000
#define SHOAL_EFD_NONBLOCK 04000

// The same number on every architecture; the glibc wrapper came with 2.35 only.
#define SHOAL_SYS_EPOLL_PWAIT2 441

static inline struct cmsghdr *shoal_cmsg_first(const struct msghdr *message) { return CMSG_FIRSTHDR(message); }

static inline struct cmsghdr *shoal_cmsg_next(struct msghdr *message, struct cmsghdr *control) {
  return CMSG_NXTHDR(message, control);
}

static inline void *shoal_cmsg_data(struct cmsghdr *control) { return CMSG_DATA(control); }

static inline size_t shoal_cmsg_space(size_t length) { return CMSG_SPACE(length); }

static inline size_t shoal_cmsg_length(size_t length) { return CMSG_LEN(length); }

// Gives the sockets that share a port a program, of instructions of eight bytes, which decides which of them gets a
// datagram; -1 and errno on failure.
static inline int shoal_steer(int socket, const void *program, unsigned short length) {
  struct sock_fprog filter = {length, (struct sock_filter *)program};
  return setsockopt(socket, SOL_SOCKET, SHOAL_SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof filter);
}

long syscall(long number, ...);

// Opens a file in memory, without a name that anybody else could open; -1 and errno on failure.
int shoal_memory_file(const char *name);
// Opens an unnamed file in a directory; -1 and errno on failure.
int shoal_unnamed_file(const char *directory);

// 1 if the wall clock is synchronized, 0 if it is not, -1 if that cannot be determined.
int shoal_clock_state(void);

static inline int shoal_epoll_pwait2(int poll, struct epoll_event *events, int limit, const struct timespec *timeout) {
  return (int)syscall(SHOAL_SYS_EPOLL_PWAIT2, poll, events, limit, timeout, NULL, 0);
}

#endif
