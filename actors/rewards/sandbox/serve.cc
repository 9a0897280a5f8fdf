#include "actors/rewards/sandbox/serve.h"

#include "actors/rewards/sandbox/probe.h"
#include "actors/rewards/sandbox/supervise.h"
#include "actors/rewards/sandbox/wire.h"
#include "runtime/base/check.h"
#include "runtime/base/shown_text.h"
#include "runtime/node/parent.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

namespace tramontane::sandbox {
namespace {

bool read_all(int socket, char* bytes, std::size_t size) {
  while (size > 0) {
    ssize_t got = recv(socket, bytes, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool read_frame(int socket, std::string& body) {
  unsigned char header[frame_header_bytes];
  if (!read_all(socket, reinterpret_cast<char*>(header), sizeof header)) return false;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < sizeof header; ++i)
    size |= static_cast<std::uint64_t>(header[i]) << (8 * i);
  if (size > frame_bytes_max) return false;
  body.resize(size);
  return read_all(socket, body.data(), size);
}

bool write_frame(int socket, const std::string& body) {
  std::string frame;
  for (std::size_t i = 0; i < frame_header_bytes; ++i)
    frame.push_back(static_cast<char>(body.size() >> (8 * i)));
  frame += body;
  std::size_t done = 0;
  while (done < frame.size()) {
    ssize_t sent = send(socket, frame.data() + done, frame.size() - done, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    done += static_cast<std::size_t>(sent);
  }
  return true;
}

std::vector<Outcome> answer(Room& room, Shelf& shelf, const std::string& bytes) {
  auto request = parse_request(bytes);
  if (!request)
    return {Outcome{.error = "the request makes no sense: one or two programs, plain "
                             "file names, absolute paths"}};
  return run_programs(room, shelf, *request);
}

}  // namespace

int serve_sandbox(int descriptor) {
  die_with_parent();
  prctl(PR_SET_NAME, "tram-sandbox");
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, SIG_IGN);  // Ctrl-C is for who asks; we end with their socket
  std::signal(SIGCHLD, SIG_DFL);
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  try {
    Room room;
    Shelf shelf;
    if (!write_frame(descriptor, encode(probe(room)))) return 0;
    for (std::string body; read_frame(descriptor, body);)
      if (!write_frame(descriptor, encode(answer(room, shelf, body)))) break;
  } catch (const std::exception& error) {
    print_error("sandbox server", error.what());
    return 1;
  }
  return 0;
}

void serve_sandbox_if_asked(int argc, char** argv) {
  if (argc != 3 || std::strcmp(argv[1], "serve-sandbox") != 0) return;
  int descriptor = -1;
  std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), descriptor);
  std::exit(serve_sandbox(descriptor));
}

}  // namespace tramontane::sandbox
