#pragma once
// The certificate that a server of HTTPS shows: its own signature under it, so that a browser asks
// whether it is to be trusted, and whoever compares the fingerprint knows. Made on first use (EC
// P-256), and kept with its key in one file, mode 0600.
//
//   HttpCertificate own = certificate_of(home + "/dashboard.pem");
//   tell(own.fingerprint);
//
// Thread rule: any. Two processes that make it at once have the same one.

#include <string>

namespace tramontane {

struct HttpCertificate {
  std::string pem;          // the key, and the certificate
  std::string fingerprint;  // SHA-256 of the certificate: "3F:0A:…"
  std::string pin;          // SHA-256 of its public key in base 64, as curl --pinnedpubkey takes it
};

// Error(bad_input): others may read the file, or it holds something else; Error(io).
HttpCertificate certificate_of(const std::string& path);

}  // namespace tramontane
