#ifndef COUNTERFOIL_CRAWLOOPS_TIMING_H
#define COUNTERFOIL_CRAWLOOPS_TIMING_H
#include "CRawLoops.h"
#include <time.h>

struct timing {
    double wall;
    double cpu;
};

static inline double timing_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline struct timing timing_now(void) {
    struct timing now = {timing_of(CLOCK_MONOTONIC), timing_of(CLOCK_PROCESS_CPUTIME_ID)};
    return now;
}

static inline void timing_end(struct timing start, struct raw_result *result) {
    struct timing now = timing_now();
    result->seconds = now.wall - start.wall;
    result->cpu_seconds = now.cpu - start.cpu;
}
#endif
