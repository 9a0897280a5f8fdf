#pragma once
// Which connections over TCP may go in clear: by default those within this machine, for speed, and
// no others. Pure functions, but for the first.

#include "runtime/link/tcp_socket.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace tramontane {

enum class Encryption : std::uint8_t { beyond_loopback, always, never };

inline constexpr const char* encryption_variable = "TRAM_ENCRYPT";

// What the variable says: beyond-loopback (the default), always, never. Error(bad_input).
Encryption encryption_setting();

// Of who connects: `to` is what was asked for, `peer` what it led to. Both must be of this machine
// for a connection in clear: a name may lead anywhere.
bool dials_encrypted(Encryption encryption, const TcpAddress& to, const TcpAddress& peer);

// Of who listens there. Encrypted connections are let in everywhere.
bool lets_in_clear(Encryption encryption, const TcpAddress& bound);

}  // namespace tramontane
