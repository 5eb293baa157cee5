#ifndef COUNTERFOIL_CTLS_H
#define COUNTERFOIL_CTLS_H

/// What a TLS handshake found wrong with the peer's certificates. Texts are empty where nothing is known.
struct counterfoil_tls_finding {
    /// OpenSSL's X509_V_ERR code; 0 while nothing is wrong.
    int code;
    /// OpenSSL's words for it.
    char reason[128];
    /// Whom the certificate that was refused is for, and who signed it.
    char subject[256];
    char issuer[256];
    /// From when until when it is valid.
    char not_before[64];
    char not_after[64];
    /// The host names and addresses that the server's own certificate is for, separated by ", ".
    char names[512];
};

/// Makes a context (an SSL_CTX) refuse peers whose certificate is not for `host` (a name or an address) or is not signed by
/// an authority of the context, and write down why. `finding` must live as long as the connections of the context.
/// Returns 1, or 0 when OpenSSL refuses the host's name.
int counterfoil_tls_expect(void *context, const char *host, struct counterfoil_tls_finding *finding);

/// Forgets what this thread's earlier calls into OpenSSL complained about.
void counterfoil_tls_clear_error(void);

/// OpenSSL's words for the first complaint of this thread since the last clearing, or NULL.
const char *counterfoil_tls_error(void);

/// Does a TLS handshake with a PostgreSQL server, only to learn what is wrong with its certificates.
/// Blocks for `seconds` at most for each step. Returns 1 if the server was reached and speaks TLS, else 0.
int counterfoil_tls_probe_postgres(
    const char *host, const char *port, const char *authority_file, int seconds, struct counterfoil_tls_finding *finding);

#endif
