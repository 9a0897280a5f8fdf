#pragma once
// A TlsChannel is one end of TLS 1.3 between two processes that have a secret in common, and no
// certificates. Bytes in, bytes out: who reads and writes the socket is opening.h, and
// socket_link.h.
//
//   TlsChannel channel(LinkSide::connected, {"a name for it", secret});
//   write(channel.take_output());
//   ByteView wire = read_some();
//   while (std::size_t n = channel.take(wire, room)) use(room.first(n));
//   if (channel.failed()) tell(channel.why());
//   channel.put(bytes);
//   write(channel.take_output());
//
// The secret is an external pre-shared key (RFC 8446, 4.2.11), and X25519 is agreed upon with each
// connection: who learns the secret later reads nothing of what has passed. One cipher suite,
// TLS_AES_128_GCM_SHA256; no resumption, no early data. What is written under one key is bounded
// (RFC 8446, 5.5): it is renewed.
//
// That a peer ends without saying so is not told from one that does: whoever speaks through the
// channel knows where its own words end. Not thread-safe.

#include "runtime/base/bytes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tramontane {

enum class LinkSide : std::uint8_t { connected, accepted };

using SessionKey = std::array<std::byte, 32>;

struct TlsSecret {
  std::string name;  // travels in clear, so that a peer with another secret is told from a forger
  SessionKey key{};
};

class TlsChannel {
 public:
  static constexpr std::uint64_t records_most = std::uint64_t{1} << 23;  // under one key

  TlsChannel(LinkSide side, TlsSecret secret, std::uint64_t records = records_most);
  ~TlsChannel();
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  // Takes of `wire`, which came from the peer, what it needs to have something to read, and puts
  // that into the room. 0: all of it is taken and there is nothing (yet), or the channel has
  // failed.
  std::size_t take(ByteView& wire, std::span<std::byte> room);

  // To the peer: both, one behind the other. Kept until the channel is open.
  void put(ByteView bytes, ByteView behind = {});

  // To be written to the socket, in order. Also after a failure, so that the peer learns of it.
  Bytes take_output();

  // Both have shown that they have the secret.
  bool open() const;
  bool failed() const;
  // For people; when it has failed.
  const std::string& why() const;
  // On the side that accepted, when it has failed: the name of the secret that the peer has, if it
  // is another.
  const std::string& other_name() const;

  // Of this connection alone, the same on both sides, once it is open (RFC 8446, 7.5).
  SessionKey exported(std::string_view label) const;

 private:
  class State;

  const std::unique_ptr<State> state_;
};

// HKDF-SHA256 (RFC 5869) with no salt.
SessionKey derived_key(ByteView secret, std::string_view label);

}  // namespace tramontane
