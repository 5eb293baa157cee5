#ifndef COUNTERFOIL_SYSTEM_SHIMS_H
#define COUNTERFOIL_SYSTEM_SHIMS_H

/// A non-blocking, close-on-exec eventfd; -1 and errno when the system refuses.
int counterfoil_eventfd(void);

/// Names the calling thread for debuggers and crash logs (15 bytes at most, longer names are cut).
void counterfoil_name_this_thread(const char *name);

/// Sets TCP_USER_TIMEOUT in milliseconds: how long sent data may stay unacknowledged before the kernel fails the socket.
/// Returns 0, or -1 and errno.
int counterfoil_set_tcp_user_timeout(int fd, unsigned int milliseconds);

#endif
