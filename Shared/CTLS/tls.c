#include "CTLS.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static void copy_name(char *target, size_t size, X509_NAME *name) {
    BIO *memory = BIO_new(BIO_s_mem());
    if (memory == NULL) return;
    X509_NAME_print_ex(memory, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    int length = BIO_read(memory, target, (int)size - 1);
    target[length > 0 ? length : 0] = '\0';
    BIO_free(memory);
}

static void copy_time(char *target, size_t size, const ASN1_TIME *time) {
    BIO *memory = BIO_new(BIO_s_mem());
    if (memory == NULL) return;
    ASN1_TIME_print(memory, time);
    int length = BIO_read(memory, target, (int)size - 1);
    target[length > 0 ? length : 0] = '\0';
    BIO_free(memory);
}

static void append_name(char *target, size_t size, const char *name, size_t length) {
    size_t used = strlen(target);
    if (used + length + 3 > size) return;
    if (used > 0) {
        memcpy(target + used, ", ", 2);
        used += 2;
    }
    memcpy(target + used, name, length);
    target[used + length] = '\0';
}

/// The names a server's certificate is for; its common name where it has no alternative names.
static void copy_server_names(char *target, size_t size, X509 *certificate) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS) {
            append_name(
                target, size, (const char *)ASN1_STRING_get0_data(name->d.dNSName),
                (size_t)ASN1_STRING_length(name->d.dNSName));
        } else if (name->type == GEN_IPADD) {
            char text[INET6_ADDRSTRLEN];
            int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
            if (inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof text) != NULL) {
                append_name(target, size, text, strlen(text));
            }
        }
    }
    if (names != NULL) GENERAL_NAMES_free(names);
    if (target[0] == '\0') {
        char common[200];
        int length = X509_NAME_get_text_by_NID(
            X509_get_subject_name(certificate), NID_commonName, common, sizeof common);
        if (length > 0) append_name(target, size, common, (size_t)length);
    }
}

/// OpenSSL calls this for every certificate of the chain, with 0 when it has something against it.
static int record(int accepted, X509_STORE_CTX *store) {
    if (accepted) return 1;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    if (ssl == NULL) return 0;
    struct counterfoil_tls_finding *finding = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (finding == NULL || finding->code != 0) return 0;
    finding->code = X509_STORE_CTX_get_error(store);
    snprintf(finding->reason, sizeof finding->reason, "%s", X509_verify_cert_error_string(finding->code));
    X509 *refused = X509_STORE_CTX_get_current_cert(store);
    if (refused != NULL) {
        copy_name(finding->subject, sizeof finding->subject, X509_get_subject_name(refused));
        copy_name(finding->issuer, sizeof finding->issuer, X509_get_issuer_name(refused));
        copy_time(finding->not_before, sizeof finding->not_before, X509_get0_notBefore(refused));
        copy_time(finding->not_after, sizeof finding->not_after, X509_get0_notAfter(refused));
    }
    X509 *server = X509_STORE_CTX_get0_cert(store);
    if (server != NULL) copy_server_names(finding->names, sizeof finding->names, server);
    return 0;
}

int counterfoil_tls_expect(void *context, const char *host, struct counterfoil_tls_finding *finding) {
    memset(finding, 0, sizeof *finding);
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(context);
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host) != 1) {
        ERR_clear_error();
        if (X509_VERIFY_PARAM_set1_host(parameters, host, 0) != 1) return 0;
    }
    SSL_CTX_set_app_data(context, finding);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, record);
    return 1;
}

void counterfoil_tls_clear_error(void) { ERR_clear_error(); }

const char *counterfoil_tls_error(void) {
    unsigned long error = ERR_peek_error();
    return error == 0 ? NULL : ERR_reason_error_string(error);
}

static int connect_within(const struct addrinfo *address, int seconds) {
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    if (fd < 0) return -1;
    // The send time-out also bounds connect.
    struct timeval limit = {.tv_sec = seconds, .tv_usec = 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0) return fd;
    close(fd);
    return -1;
}

static int connect_to(const char *host, const char *port, int seconds) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0) return -1;
    int fd = -1;
    for (struct addrinfo *next = found; next != NULL && fd < 0; next = next->ai_next) {
        fd = connect_within(next, seconds);
    }
    freeaddrinfo(found);
    return fd;
}

/// PostgreSQL's request for TLS; the server answers one byte, S if it speaks it.
static int asks_for_tls(int fd) {
    static const unsigned char request[8] = {0, 0, 0, 8, 4, 210, 22, 47};
    char answer = 0;
    return send(fd, request, sizeof request, MSG_NOSIGNAL) == (ssize_t)sizeof request
        && recv(fd, &answer, 1, 0) == 1 && answer == 'S';
}

int counterfoil_tls_probe_postgres(
    const char *host, const char *port, const char *authority_file, int seconds, struct counterfoil_tls_finding *finding) {
    memset(finding, 0, sizeof *finding);
    int fd = connect_to(host, port, seconds);
    if (fd < 0) return 0;
    int reached = asks_for_tls(fd);
    SSL_CTX *context = reached ? SSL_CTX_new(TLS_client_method()) : NULL;
    if (context != NULL && SSL_CTX_load_verify_locations(context, authority_file, NULL) == 1
        && counterfoil_tls_expect(context, host, finding) == 1) {
        SSL *ssl = SSL_new(context);
        if (ssl != NULL && SSL_set_fd(ssl, fd) == 1) {
            // Nothing is said over it: the handshake is all that is wanted.
            (void)SSL_connect(ssl);
        }
        SSL_free(ssl);
    }
    if (context != NULL) SSL_CTX_free(context);
    ERR_clear_error();
    close(fd);
    return reached;
}
