#pragma once
// Listening and connected TCP sockets, and the addresses of both.
//
//   TcpListener listener = listen_tcp(*TcpAddress::parse("127.0.0.1:0"));
//   tell(listener.bound.text());                        // with the port that was taken
//   Descriptor socket = connect_tcp(address, 2s);
//
// Thread rule: any.

#include "runtime/base/clock.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tramontane {

// A host's name or number, and a port.
struct TcpAddress {
  std::string host;
  std::uint16_t port = 0;

  // "HOST:PORT", IPv6 numbers as "[::1]:PORT". The failure says what is wrong.
  static Answer<TcpAddress> parse(std::string_view text);

  std::string text() const;
  // Whether only this machine is meant: 127.0.0.0/8, ::1, localhost.
  bool loopback() const;

  bool operator==(const TcpAddress&) const = default;
};

struct TcpListener {
  Descriptor socket;  // never waits
  TcpAddress bound;
};

// Error(io), naming the process that has the port if it can be known.
TcpListener listen_tcp(const TcpAddress& address);

// The next connection that waits; nothing if none does. Error(io).
Descriptor accept_tcp(const Descriptor& listener);

// Blocks for no longer than that. The socket never waits.
Answer<Descriptor> connect_tcp(const TcpAddress& address, Duration patience);

TcpAddress tcp_peer(int socket);

// What socket_link.h says of TCP.
void set_tcp_limits(int socket);

}  // namespace tramontane
