import Glibc

/// Free ports on the loopback interface, as the kernel gives them.
enum PortAllocator {
    /// So many different ports. All are held until the last one is known, so that none is given twice.
    static func free(_ count: Int) throws -> [Int] {
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        return try (0..<count).map { _ in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw PlayError("no socket can be made (errno \(errno))") }
            descriptors.append(descriptor)
            return try bind(descriptor)
        }
    }

    private static func bind(_ descriptor: Int32) throws -> Int {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                Glibc.bind(descriptor, generic, length) == 0 ? getsockname(descriptor, generic, &length) : -1
            }
        }
        guard status == 0 else { throw PlayError("no free port on the loopback interface (errno \(errno))") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
