#include "runtime/link/tcp_socket.h"

#include "runtime/base/check.h"
#include "runtime/link/socket_link.h"

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace tramontane {
namespace {

using Found = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Answer<Found> find_address(const TcpAddress& address, int flags) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* first = nullptr;
  int error =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &wanted, &first);
  if (error != 0) return Failure{Errc::io, str(address.text(), ": ", ::gai_strerror(error))};
  return Found(first, &::freeaddrinfo);
}

Descriptor socket_for(const addrinfo& found) {
  return Descriptor(::socket(found.ai_family, found.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

TcpAddress address_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {text, ntohs(v4.sin_port)};
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return {text, ntohs(v6.sin6_port)};
  }
  return {"nowhere", 0};
}

void set(int socket, int level, int option, int value) {
  ::setsockopt(socket, level, option, &value, sizeof value);
}

// Until a connection that was begun is there, or not.
int wait_connected(int socket, std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd wait{socket, POLLOUT, 0};
    int ready = left.count() <= 0 ? 0 : ::poll(&wait, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }
}

}  // namespace

Answer<TcpAddress> TcpAddress::parse(std::string_view text) {
  auto refused = [&](const char* why) {
    return Failure{Errc::bad_input, str("\"", text, "\" is no HOST:PORT: ", why)};
  };
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused("there is no port");
  std::string_view host = text.substr(0, colon);
  std::string_view digits = text.substr(colon + 1);
  TcpAddress address;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
    return refused("a port is a number from 0 to 65535");
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return refused("an IPv6 address goes in brackets, as in [::1]:7777");
  if (host.empty()) return refused("there is no host");
  if (host.find_first_of(std::string_view(" \t\n\0[]/@", 8)) != std::string_view::npos)
    return refused("a host has no such characters");
  address.host = host;
  return address;
}

std::string TcpAddress::text() const {
  bool v6 = host.find(':') != std::string::npos;
  return v6 ? str("[", host, "]:", port) : str(host, ":", port);
}

bool TcpAddress::loopback() const {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return host == "::1" || host == "localhost";
}

TcpListener listen_tcp(const TcpAddress& address) {
  auto found = find_address(address, AI_PASSIVE);
  if (!found) throw Error(found.error().code, found.error().text);
  Descriptor socket = socket_for(**found);
  if (!socket) throw Error(Errc::io, str("no socket: ", std::strerror(errno)));
  set(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (::bind(socket.get(), (*found)->ai_addr, (*found)->ai_addrlen) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0)
    throw Error(
        Errc::io, str("cannot listen on ", address.text(), ": ", std::strerror(errno),
                      errno == EADDRINUSE ? " (another process has this port; port 0 takes one "
                                            "that is free)"
                                          : ""));
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  return {std::move(socket), address_of(bound)};
}

Descriptor accept_tcp(const Descriptor& listener) {
  for (;;) {
    Descriptor socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) return socket;
    switch (errno) {
      case EINTR:
      case ECONNABORTED:
      case EPROTO:
        continue;
      case EAGAIN:
        return {};
      default:
        throw Error(Errc::io, str("accepting a connection: ", std::strerror(errno)));
    }
  }
}

Answer<Descriptor> connect_tcp(const TcpAddress& address, Duration patience) {
  auto deadline = std::chrono::steady_clock::now() + patience;
  auto found = find_address(address, 0);
  if (!found) return found.error();
  int error = EADDRNOTAVAIL;
  for (const addrinfo* each = found->get(); each != nullptr; each = each->ai_next) {
    Descriptor socket = socket_for(*each);
    if (!socket) return Failure{Errc::io, str("no socket: ", std::strerror(errno))};
    error = ::connect(socket.get(), each->ai_addr, each->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) error = wait_connected(socket.get(), deadline);
    if (error == 0) return socket;
  }
  return Failure{Errc::io, str("cannot connect to ", address.text(), ": ", std::strerror(error))};
}

TcpAddress tcp_peer(int socket) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return {"nowhere", 0};
  return address_of(peer);
}

void set_tcp_limits(int socket) {
  constexpr int seconds = tcp_patience.count();
  set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, seconds * 1000);
  set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(socket, IPPROTO_TCP, TCP_KEEPIDLE, seconds / 2);
  set(socket, IPPROTO_TCP, TCP_KEEPINTVL, 1);
  set(socket, IPPROTO_TCP, TCP_KEEPCNT, seconds / 2);
}

}  // namespace tramontane
