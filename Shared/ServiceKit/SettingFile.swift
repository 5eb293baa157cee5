import Glibc

/// Reads the small files that NAME_FILE settings point at.
enum SettingFile {
    /// The most that is read: a setting is small, and a wrong path may be a device or a log.
    static let limitBytes = 65_536

    /// Why a file could not be read, as the end of a sentence that begins with its path.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The file's text.
    static func read(_ path: String) -> Result<String, Failure> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .failure(Failure(description: "cannot be opened: \(reason())")) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limitBytes + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                return .failure(Failure(description: "cannot be read: \(reason())"))
            }
            count += got
        }
        guard count <= limitBytes else {
            return .failure(Failure(description: "is larger than \(limitBytes) bytes, too large for a setting"))
        }
        guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
            return .failure(Failure(description: "is not UTF-8 text"))
        }
        return .success(text)
    }

    private static func reason() -> String {
        String(cString: strerror(errno))
    }
}
