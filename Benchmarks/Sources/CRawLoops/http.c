#define _GNU_SOURCE
#include "CRawLoops.h"
#include "timing.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    int descriptor;
    const struct raw_request *request;
    size_t written;
    double began;
    char answer[8192];
    size_t received;
    int wants_to_write;
};

struct load {
    const struct raw_request *requests;
    long request_count;
    long next;
    uint32_t *latencies;
    long capacity;
    int epoll;
    struct raw_http_result *result;
};

static int open_client(const char *host, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &address.sin_addr);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) return -1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    return descriptor;
}

static int write_more(struct load *load, struct client *client) {
    while (client->written < client->request->length) {
        ssize_t count = send(client->descriptor, client->request->bytes + client->written,
                             client->request->length - client->written, MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN) return 0;
        if (count < 0) break;
        client->written += (size_t)count;
    }
    int wants = client->written < client->request->length;
    if (wants != client->wants_to_write) {
        struct epoll_event event = {.events = EPOLLIN | (wants ? EPOLLOUT : 0), .data.ptr = client};
        epoll_ctl(load->epoll, EPOLL_CTL_MOD, client->descriptor, &event);
        client->wants_to_write = wants;
    }
    return 1;
}

static int begin(struct load *load, struct client *client) {
    client->request = &load->requests[load->next++ % load->request_count];
    client->written = 0;
    client->received = 0;
    client->began = timing_of(CLOCK_MONOTONIC);
    return write_more(load, client);
}

// The length of a complete answer; 0 if it is not there yet.
static size_t complete_length(const struct client *client) {
    const char *end = memmem(client->answer, client->received, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head = (size_t)(end - client->answer) + 4;
    size_t body = 0;
    for (const char *line = client->answer; line < end; line++) {
        if (*line == '\n' && strncasecmp(line + 1, "content-length:", 15) == 0) body = (size_t)atol(line + 16);
    }
    return head + body <= client->received ? head + body : 0;
}

static int read_more(struct load *load, struct client *client) {
    ssize_t count = recv(client->descriptor, client->answer + client->received,
                         sizeof client->answer - 1 - client->received, 0);
    if (count < 0) return errno == EAGAIN;
    if (count == 0) return 0;
    client->received += (size_t)count;
    client->answer[client->received] = 0;
    if (complete_length(client) == 0) return client->received < sizeof client->answer - 1;
    struct raw_http_result *result = load->result;
    double microseconds = (timing_of(CLOCK_MONOTONIC) - client->began) * 1e6;
    result->answered++;
    if (strncmp(client->answer, "HTTP/1.1 200", 12) != 0) result->not_200++;
    if (result->latencies < load->capacity) load->latencies[result->latencies++] = (uint32_t)microseconds;
    return begin(load, client);
}

void raw_http_load(const char *host, int port, const struct raw_request *requests, long request_count, long first,
                   int connections, double seconds, uint32_t *latencies, long capacity, struct raw_http_result *result) {
    memset(result, 0, sizeof *result);
    struct load load = {requests, request_count, first, latencies, capacity, epoll_create1(EPOLL_CLOEXEC), result};
    struct client *clients = calloc((size_t)connections, sizeof *clients);
    double start = timing_of(CLOCK_MONOTONIC);
    const char *problem = NULL;
    for (int index = 0; index < connections; index++) clients[index].descriptor = -1;
    for (int index = 0; index < connections && !problem; index++) {
        struct client *client = &clients[index];
        client->descriptor = open_client(host, port);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
        if (client->descriptor < 0 || epoll_ctl(load.epoll, EPOLL_CTL_ADD, client->descriptor, &event) != 0) {
            problem = "no connection";
        } else if (!begin(&load, client)) {
            problem = "a request could not be written";
        }
    }
    struct epoll_event events[64];
    while (!problem && timing_of(CLOCK_MONOTONIC) - start < seconds) {
        int count = epoll_wait(load.epoll, events, 64, 1000);
        for (int index = 0; index < count && !problem; index++) {
            struct client *client = events[index].data.ptr;
            if (events[index].events & EPOLLOUT && !write_more(&load, client)) problem = "a request broke off";
            if (events[index].events & ~(uint32_t)EPOLLOUT && !read_more(&load, client)) problem = "an answer broke off";
        }
    }
    result->seconds = timing_of(CLOCK_MONOTONIC) - start;
    if (problem) snprintf(result->error, sizeof result->error, "%s: %s", problem, strerror(errno));
    for (int index = 0; index < connections; index++)
        if (clients[index].descriptor >= 0) close(clients[index].descriptor);
    close(load.epoll);
    free(clients);
}
