import CRabbitMQ
import Certificates

extension AMQPLink {
    /// A socket that speaks TLS and accepts only a broker whose certificate is for its host and signed by a trusted
    /// authority.
    func tlsSocket(_ configuration: RabbitMQConfiguration) throws(RabbitMQError) -> OpaquePointer? {
        guard let socket = amqp_ssl_socket_new(connection) else { return nil }
        amqp_ssl_socket_set_verify_peer(socket, 1)
        // OpenSSL compares the host itself, addresses too; the library's own comparison knows only names.
        amqp_ssl_socket_set_verify_hostname(socket, 0)
        amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST)
        let authorities = configuration.certificateAuthorityFile
        guard amqp_ssl_socket_set_cacert(socket, authorities) == AMQP_STATUS_OK.rawValue else {
            throw RabbitMQError(
                .invalidConfiguration,
                "no certificate authorities could be read from \(authorities); name a PEM file by cacertfile in "
                    + "AMQP_URL")
        }
        if let own = configuration.clientCertificate {
            let status = amqp_ssl_socket_set_key(socket, own.certificateFile, own.keyFile)
            guard status == AMQP_STATUS_OK.rawValue else {
                throw RabbitMQError(
                    .invalidConfiguration,
                    "the client's certificate \(own.certificateFile) and key \(own.keyFile) cannot be used; both must "
                        + "be PEM files, and belong together")
            }
        }
        guard let context = amqp_ssl_socket_get_context(socket),
            let recorder = CertificateRecorder(context: context, host: configuration.host)
        else {
            throw RabbitMQError(
                .invalidConfiguration, "'\(configuration.host)' is no host name that a certificate can be for")
        }
        certificates = recorder
        return socket
    }

    /// Why no connection could be made, and what to do about it.
    func refusal(_ status: Int32, _ configuration: RabbitMQConfiguration) -> RabbitMQError {
        let place = "\(configuration.host):\(configuration.port)"
        if let finding = certificates?.finding {
            let words = finding.explanation(
                host: configuration.host, authorityFile: configuration.certificateAuthorityFile,
                setting: "cacertfile in AMQP_URL (amqps://host/?cacertfile=/path/ca.pem)")
            return RabbitMQError(.connectionFailed, "no connection to \(place): \(words)")
        }
        guard configuration.usesTLS, status == AMQP_STATUS_SSL_CONNECTION_FAILED.rawValue else {
            return RabbitMQError(.connectionFailed, "no connection to \(place): \(text(of: status))")
        }
        let complaint = CertificateRecorder.lastComplaint.map { " (\($0))" } ?? ""
        return RabbitMQError(
            .connectionFailed,
            "no connection to \(place): the port does not answer in TLS\(complaint); give the port of the broker's TLS "
                + "listener, as a rule 5671, or write amqp:// for one without TLS")
    }

    /// The handshake of AMQP failed without a word from the broker: often the two sides do not speak the same.
    func loginFailure(_ error: RabbitMQError, _ configuration: RabbitMQConfiguration) -> RabbitMQError {
        let hint =
            switch (configuration.usesTLS, configuration.clientCertificate == nil) {
            case (false, _):
                "if \(configuration.host):\(configuration.port) is a port for TLS, write amqps:// instead of amqp://"
            case (true, true):
                "if the broker demands a client's certificate, name it by certfile and keyfile in AMQP_URL"
            case (true, false): "check that the broker trusts the authority of the client's certificate"
            }
        return RabbitMQError(error.code, "\(error.message); \(hint)", replyCode: error.replyCode)
    }
}
