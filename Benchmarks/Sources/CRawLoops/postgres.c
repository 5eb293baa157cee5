#include "CRawLoops.h"
#include "timing.h"
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(struct raw_result *result, const char *what, const char *why) {
    snprintf(result->error, sizeof result->error, "%s: %s", what, why);
}

static int send_batch(PGconn *connection, long first, int batch, const char *body) {
    char id[32];
    const char *values[2] = {id, body};
    for (int index = 0; index < batch; index++) {
        snprintf(id, sizeof id, "%ld", first + index);
        if (!PQsendQueryPrepared(connection, "insert", 2, values, NULL, NULL, 0)) return 0;
    }
    return PQpipelineSync(connection);
}

// Takes what has come and writes what can be written; waits if `waits`.
static int turn(PGconn *connection, int waits) {
    int unsent = PQflush(connection);
    if (unsent < 0) return 0;
    if (waits) {
        struct pollfd waiting = {PQsocket(connection), (short)(POLLIN | (unsent ? POLLOUT : 0)), 0};
        if (poll(&waiting, 1, 20000) <= 0) return 0;
    }
    return PQconsumeInput(connection);
}

void raw_insert(const char *url, long first_id, long count, int batch, int in_flight, int body_bytes,
                struct raw_result *result) {
    memset(result, 0, sizeof *result);
    PGconn *connection = PQconnectdb(url);
    if (PQstatus(connection) != CONNECTION_OK) {
        fail(result, "no connection", PQerrorMessage(connection));
        PQfinish(connection);
        return;
    }
    PGresult *prepared = PQprepare(
        connection, "insert", "INSERT INTO raw_insert (id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING", 2, NULL);
    int is_prepared = PQresultStatus(prepared) == PGRES_COMMAND_OK;
    PQclear(prepared);
    char *body = malloc((size_t)body_bytes + 1);
    memset(body, 'x', (size_t)body_bytes);
    body[body_bytes] = 0;
    if (!is_prepared || PQsetnonblocking(connection, 1) != 0 || !PQenterPipelineMode(connection)) {
        fail(result, "pipeline", PQerrorMessage(connection));
        goto done;
    }
    long sent = 0, batches_out = 0, finished = 0;
    struct timing start = timing_now();
    while (finished < count) {
        while (batches_out < in_flight && sent < count) {
            if (!send_batch(connection, first_id + sent, batch, body)) {
                fail(result, "send", PQerrorMessage(connection));
                goto done;
            }
            sent += batch;
            batches_out++;
        }
        if (!turn(connection, 1)) {
            fail(result, "receive", PQerrorMessage(connection));
            goto done;
        }
        while (batches_out > 0 && !PQisBusy(connection)) {
            PGresult *answer = PQgetResult(connection);
            if (!answer) continue;
            ExecStatusType status = PQresultStatus(answer);
            PQclear(answer);
            if (status == PGRES_PIPELINE_SYNC) {
                batches_out--;
                finished += batch;
            } else if (status != PGRES_COMMAND_OK) {
                fail(result, "insert", PQerrorMessage(connection));
                goto done;
            }
        }
    }
    timing_end(start, result);
    result->count = finished;
done:
    free(body);
    PQfinish(connection);
}
