#include "CRawLoops.h"
#include "timing.h"
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <poll.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

static int failed(struct raw_result *result, const char *what, amqp_rpc_reply_t reply) {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return 0;
    const char *why = reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION ? amqp_error_string2(reply.library_error)
                                                                         : "refused by the broker";
    snprintf(result->error, sizeof result->error, "%s: %s", what, why);
    return 1;
}

static amqp_connection_state_t connect_to(const struct raw_broker *broker, struct raw_result *result) {
    memset(result, 0, sizeof *result);
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    if (!socket || amqp_socket_open(socket, broker->host, broker->port) != AMQP_STATUS_OK) {
        snprintf(result->error, sizeof result->error, "no connection to %s:%d", broker->host, broker->port);
        amqp_destroy_connection(connection);
        return NULL;
    }
    amqp_rpc_reply_t login = amqp_login(connection, broker->vhost, 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, broker->user,
                                        broker->password);
    if (failed(result, "login", login)) goto lost;
    amqp_channel_open(connection, 1);
    if (failed(result, "channel", amqp_get_rpc_reply(connection))) goto lost;
    return connection;
lost:
    amqp_destroy_connection(connection);
    return NULL;
}

static void disconnect(amqp_connection_state_t connection) {
    amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(connection);
}

// Waits for a frame; 0 if there is none within the time.
static int next_frame(amqp_connection_state_t connection, amqp_frame_t *frame, int milliseconds,
                      struct raw_result *result) {
    struct timeval zero = {0, 0};
    for (;;) {
        int status = amqp_simple_wait_frame_noblock(connection, frame, &zero);
        if (status == AMQP_STATUS_OK) return 1;
        if (status != AMQP_STATUS_TIMEOUT) {
            snprintf(result->error, sizeof result->error, "%s", amqp_error_string2(status));
            return -1;
        }
        if (milliseconds == 0) return 0;
        struct pollfd waiting = {amqp_get_sockfd(connection), POLLIN, 0};
        if (poll(&waiting, 1, milliseconds) <= 0) {
            snprintf(result->error, sizeof result->error, "nothing came for %d ms", milliseconds);
            return -1;
        }
    }
}

void raw_publish(const struct raw_broker *broker, long count, int body_bytes, int window, struct raw_result *result) {
    amqp_connection_state_t connection = connect_to(broker, result);
    if (!connection) return;
    amqp_confirm_select(connection, 1);
    if (failed(result, "confirm.select", amqp_get_rpc_reply(connection))) { disconnect(connection); return; }
    char *body = malloc((size_t)body_bytes);
    memset(body, 'x', (size_t)body_bytes);
    amqp_bytes_t content = {(size_t)body_bytes, body};
    amqp_basic_properties_t properties = {0};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG;
    properties.delivery_mode = 2;
    properties.content_type = amqp_cstring_bytes("application/json");
    amqp_bytes_t queue = amqp_cstring_bytes(broker->queue);
    char message_id[32];
    long sent = 0;
    uint64_t confirmed = 0;
    struct timing start = timing_now();
    while ((long)confirmed < count) {
        int wrote = 0;
        while (sent < count && sent - (long)confirmed < window && wrote < 128) {
            int length = snprintf(message_id, sizeof message_id, "message-%ld", sent);
            properties.message_id = (amqp_bytes_t){(size_t)length, message_id};
            int status = amqp_basic_publish(connection, 1, amqp_empty_bytes, queue, 1, 0, &properties, content);
            if (status != AMQP_STATUS_OK) {
                snprintf(result->error, sizeof result->error, "%s", amqp_error_string2(status));
                goto done;
            }
            sent++;
            wrote++;
        }
        int patience = wrote ? 0 : 20000;
        amqp_frame_t frame;
        int got;
        while ((got = next_frame(connection, &frame, patience, result)) == 1) {
            patience = 0;
            if (frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_ACK_METHOD) {
                amqp_basic_ack_t *ack = frame.payload.method.decoded;
                // Quorum queues confirm in order, so that the highest tag counts for both kinds of confirm.
                if (ack->delivery_tag > confirmed) confirmed = ack->delivery_tag;
            }
        }
        amqp_maybe_release_buffers(connection);
        if (got < 0) goto done;
    }
    timing_end(start, result);
    result->count = count;
done:
    free(body);
    disconnect(connection);
}

void raw_consume(const struct raw_broker *broker, long count, int prefetch, struct raw_result *result) {
    amqp_connection_state_t connection = connect_to(broker, result);
    if (!connection) return;
    amqp_basic_qos(connection, 1, 0, (uint16_t)prefetch, 0);
    // Set again at the first message, so that subscribing does not count.
    struct timing start = timing_now();
    amqp_basic_consume(connection, 1, amqp_cstring_bytes(broker->queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    if (failed(result, "basic.consume", amqp_get_rpc_reply(connection))) { disconnect(connection); return; }
    long consumed = 0;
    uint64_t tag = 0, acknowledged = 0, remaining = 0;
    char *body = malloc(1 << 20);
    size_t filled = 0;
    while (consumed < count) {
        amqp_frame_t frame;
        int got = next_frame(connection, &frame, 0, result);
        if (got == 0) {
            if (tag > acknowledged) {
                amqp_basic_ack(connection, 1, tag, 1);
                acknowledged = tag;
            }
            amqp_maybe_release_buffers(connection);
            got = next_frame(connection, &frame, 20000, result);
        }
        if (got < 0) goto done;
        if (frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_DELIVER_METHOD) {
            tag = ((amqp_basic_deliver_t *)frame.payload.method.decoded)->delivery_tag;
        } else if (frame.frame_type == AMQP_FRAME_HEADER) {
            remaining = frame.payload.properties.body_size;
            filled = 0;
            if (remaining == 0 && consumed++ == 0) start = timing_now();
        } else if (frame.frame_type == AMQP_FRAME_BODY) {
            size_t length = frame.payload.body_fragment.len;
            if (filled + length <= 1 << 20) memcpy(body + filled, frame.payload.body_fragment.bytes, length);
            filled += length;
            remaining -= length;
            if (remaining == 0 && consumed++ == 0) start = timing_now();
        }
    }
    if (tag > acknowledged) amqp_basic_ack(connection, 1, tag, 1);
    timing_end(start, result);
    result->count = consumed - 1;
done:
    free(body);
    disconnect(connection);
}

void raw_delete_queue(const struct raw_broker *broker, struct raw_result *result) {
    amqp_connection_state_t connection = connect_to(broker, result);
    if (!connection) return;
    amqp_queue_delete(connection, 1, amqp_cstring_bytes(broker->queue), 0, 0);
    disconnect(connection);
}
