#pragma once
// Asks an HTTP server once, as a command of the shell does.
//
//   HttpAnswer answer = ask_http({.address = "127.0.0.1:7700", .method = "POST",
//       .target = "/api/v1/links", .bearer = token});
//
// Thread rule: any.

#include "runtime/base/clock.h"

#include <chrono>
#include <cstddef>
#include <string>

namespace tramontane {

struct HttpQuestion {
  std::string address;  // HOST:PORT, [V6]:PORT
  std::string method = "GET";
  std::string target = "/";
  std::string bearer = {};
  // HTTPS, of a server with this certificate (certificate.h, HttpCertificate::pem) and no other;
  // empty: HTTP.
  std::string certificate = {};
  std::string body = {};                         // JSON
  Duration patience = std::chrono::seconds(10);  // for everything
  std::size_t answer_bytes_most = 16 << 20;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// Blocks. Error(io): the server is not reached, or what it says is no HTTP; Error(timeout).
HttpAnswer ask_http(const HttpQuestion& question);

}  // namespace tramontane
