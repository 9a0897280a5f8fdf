#include "runtime/link/encryption.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <cstdlib>

namespace tramontane {

Encryption encryption_setting() {
  const char* value = std::getenv(encryption_variable);
  std::string_view text = value == nullptr ? "" : value;
  if (text.empty() || text == "beyond-loopback") return Encryption::beyond_loopback;
  if (text == "always") return Encryption::always;
  if (text == "never") return Encryption::never;
  throw Error(Errc::bad_input,
      str(encryption_variable, "=", text, ": it is beyond-loopback, always or never"));
}

bool dials_encrypted(Encryption encryption, const TcpAddress& to, const TcpAddress& peer) {
  if (encryption != Encryption::beyond_loopback) return encryption == Encryption::always;
  return !to.loopback() || !peer.loopback();
}

bool lets_in_clear(Encryption encryption, const TcpAddress& bound) {
  if (encryption != Encryption::beyond_loopback) return encryption == Encryption::never;
  return bound.loopback();
}

}  // namespace tramontane
