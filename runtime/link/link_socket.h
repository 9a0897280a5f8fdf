#pragma once
// A LinkSocket is the socket of a connection whose two ends know each other, and the key by which
// what passes is encrypted. It may go to another process of this machine, which TLS itself could
// not: there socket_link() begins a TLS of its own under that key (tls_channel.h).
//
//   LinkSocket socket = std::move(descriptor);          // in clear
//   LinkSocket socket(std::move(descriptor), key);

#include "runtime/base/descriptor.h"
#include "runtime/link/tls_channel.h"

#include <optional>
#include <utility>

namespace tramontane {

struct LinkKey {
  LinkSide side = LinkSide::connected;
  SessionKey key{};  // of this one connection

  bool operator==(const LinkKey&) const = default;
};

struct LinkSocket {
  LinkSocket() = default;

  // NOLINTNEXTLINE(google-explicit-constructor): a socket in clear is one
  LinkSocket(Descriptor d, std::optional<LinkKey> k = {}) : descriptor(std::move(d)), key(k) {}

  Descriptor descriptor;
  std::optional<LinkKey> key;  // none: what passes is clear
};

}  // namespace tramontane
