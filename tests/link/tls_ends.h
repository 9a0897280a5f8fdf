#pragma once
// The two ends of a TlsChannel in memory, and somebody on the way between them.

#include "runtime/link/tls_channel.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

namespace tramontane {

inline TlsSecret secret_like(std::uint8_t seed, std::string name) {
  TlsSecret secret{.name = std::move(name)};
  secret.key.fill(static_cast<std::byte>(seed));
  return secret;
}

struct TlsEnds {
  TlsEnds(std::uint8_t seed_of_one, std::uint8_t seed_of_other, std::size_t p = 4096,
      std::string name_of_one = "n", std::string name_of_other = "n",
      std::uint64_t records = TlsChannel::records_most)
      : one(LinkSide::connected, secret_like(seed_of_one, std::move(name_of_one)), records),
        other(LinkSide::accepted, secret_like(seed_of_other, std::move(name_of_other)), records),
        piece(p) {}

  // Until nobody has anything to say.
  void talk() {
    while (carry(one, other, heard_by_other, true) || carry(other, one, heard_by_one, false)) {
    }
  }

  bool carry(TlsChannel& from, TlsChannel& to, std::string& heard, bool from_one) {
    Bytes bytes = from.take_output();
    if (bytes.empty()) return false;
    if (change) change(from_one, bytes);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      ByteView wire = ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at));
      std::byte room[1000];
      while (std::size_t size = to.take(wire, room)) heard += as_text(ByteView(room, size));
    }
    return true;
  }

  TlsChannel one;
  TlsChannel other;
  const std::size_t piece;
  std::function<void(bool from_one, Bytes&)> change;
  std::string heard_by_one;
  std::string heard_by_other;
};

}  // namespace tramontane
