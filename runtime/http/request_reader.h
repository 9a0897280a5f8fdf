#pragma once
// The RequestReader makes requests of the bytes of a connection, however they are cut.
//
//   RequestReader reader({.header_bytes = 16 << 10, .body_bytes = 1 << 20});
//   switch (reader.feed(bytes)) {
//     case RequestReader::State::more: …          // read on
//     case RequestReader::State::complete: use(reader.take());   // then feed({}) again: pipelining
//     case RequestReader::State::refused: …       // reader.status(), reader.problem(); then close
//   }
//
// Thread rule: one at a time.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tramontane {

// What of a request counts here.
struct RequestHead {
  std::string method;
  std::string target;
  std::string host;
  std::string authorization;
  std::string cookie;
  std::string origin;
  std::string fetch_site;  // Sec-Fetch-Site
  std::string fetch_mode;
  std::string last_event_id;
  bool keep_alive = true;
  bool encrypted = false;  // not of the bytes: the connection says so
  std::string body;
};

class RequestReader {
 public:
  struct Limits {
    std::uint32_t header_bytes = 16 << 10;
    std::uint64_t body_bytes = 1 << 20;
  };

  enum class State : std::uint8_t { more, complete, refused };

  explicit RequestReader(Limits limits);
  ~RequestReader();

  // Takes the bytes; says where it is with the present request.
  State feed(std::string_view bytes);

  // The complete request; from then on bytes are of the next.
  RequestHead take();

  // Whether bytes of a request are here, of which the rest is missing.
  bool begun() const;

  // Once, when the client waits for leave to send the body ("Expect: 100-continue").
  bool wants_leave();

  int status() const { return status_; }

  const std::string& problem() const { return problem_; }

 private:
  struct Parser;

  State refuse(int status, std::string problem);
  State check_header();

  const Limits limits_;
  std::unique_ptr<Parser> parser_;
  std::string waiting_;  // not yet taken by the parser
  int status_ = 0;
  std::string problem_;
};

}  // namespace tramontane
