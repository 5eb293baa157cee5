// The same work as the drivers', written straight against the C libraries, and an HTTP client that costs next to nothing.
#ifndef COUNTERFOIL_CRAWLOOPS_H
#define COUNTERFOIL_CRAWLOOPS_H
#include <stddef.h>
#include <stdint.h>

/// What a loop did. `error` is empty unless it failed.
struct raw_result {
    long count;
    double seconds;
    double cpu_seconds;
    char error[256];
};

/// A broker to log in to and the queue to work on.
struct raw_broker {
    const char *host;
    int port;
    const char *user;
    const char *password;
    const char *vhost;
    const char *queue;
};

/// Publishes persistent messages through the default exchange, at most `window` of them unconfirmed.
void raw_publish(const struct raw_broker *broker, long count, int body_bytes, int window, struct raw_result *result);

/// Consumes messages; acknowledges all it has once nothing more is buffered, several at a time.
void raw_consume(const struct raw_broker *broker, long count, int prefetch, struct raw_result *result);

/// Deletes the queue and what is in it.
void raw_delete_queue(const struct raw_broker *broker, struct raw_result *result);

/// Inserts rows into `raw_insert (id bigint, body text)` through one connection in pipeline mode: `batch` statements to a
/// sync, `in_flight` batches on their way.
void raw_insert(const char *url, long first_id, long count, int batch, int in_flight, int body_bytes,
                struct raw_result *result);

/// A request as its bytes.
struct raw_request {
    const char *bytes;
    size_t length;
};

/// What a run of requests came to.
struct raw_http_result {
    long answered;
    long not_200;
    double seconds;
    long latencies; // how many were written
    char error[256];
};

/// Sends requests over `connections` kept-alive connections for `seconds`, each connection one at a time, beginning with
/// request `first` and going round; writes each answer's latency in microseconds.
void raw_http_load(const char *host, int port, const struct raw_request *requests, long request_count, long first,
                   int connections, double seconds, uint32_t *latencies, long capacity, struct raw_http_result *result);
#endif
