#include "actors/rewards/sandbox/sandbox.h"

#include "actors/rewards/sandbox/wire.h"
#include "runtime/base/check.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/result.h"
#include "runtime/node/child.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

namespace tramontane::sandbox {
namespace {

constexpr int server_descriptor = 3;
constexpr Duration stop_deadline = std::chrono::milliseconds(500);
constexpr int start_seconds = 20;
constexpr int spare_seconds = 20;  // above what the limits allow

// Waits until the socket is ready. Counts polls of a second rather than time, so that a machine
// that stood still for a while has not missed a deadline.
bool wait_for(int socket, short events, int& seconds_left) {
  while (seconds_left > 0) {
    pollfd one{socket, events, 0};
    int ready = poll(&one, 1, 1000);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    --seconds_left;
  }
  return false;
}

bool receive_all(int socket, char* bytes, std::size_t size, int& seconds_left) {
  while (size > 0) {
    if (!wait_for(socket, POLLIN, seconds_left)) return false;
    ssize_t got = recv(socket, bytes, size, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool receive_frame(int socket, std::string& body, int seconds) {
  unsigned char header[frame_header_bytes];
  if (!receive_all(socket, reinterpret_cast<char*>(header), sizeof header, seconds)) return false;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < sizeof header; ++i)
    size |= static_cast<std::uint64_t>(header[i]) << (8 * i);
  if (size > frame_bytes_max) return false;
  body.resize(size);
  return receive_all(socket, body.data(), size, seconds);
}

bool send_frame(int socket, const std::string& body) {
  std::string frame;
  for (std::size_t i = 0; i < frame_header_bytes; ++i)
    frame.push_back(static_cast<char>(body.size() >> (8 * i)));
  frame += body;
  int seconds = spare_seconds;
  std::size_t done = 0;
  while (done < frame.size()) {
    if (!wait_for(socket, POLLOUT, seconds)) return false;
    ssize_t sent =
        send(socket, frame.data() + done, frame.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) return false;
    done += static_cast<std::size_t>(sent);
  }
  return true;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += (out.empty() ? "" : "; ") + line;
  return out;
}

}  // namespace

struct Sandbox::Server {
  std::optional<Child> child;
  Descriptor socket;
  Report report;
};

Sandbox::Sandbox(SandboxOptions options) : options_(std::move(options)) {
  if (options_.server.empty()) options_.server = {"/proc/self/exe", "serve-sandbox"};
}

Sandbox::~Sandbox() {
  stop();
}

void Sandbox::stop() {
  if (!server_) return;
  server_->socket.close();  // a server that runs nothing ends now, and cleans up
  server_->child->wait(stop_deadline);
  server_.reset();  // kills it, and its jails follow it
}

std::string Sandbox::start() {
  if (server_) return "";
  int ends[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return str("socketpair: ", std::strerror(errno));
  auto server = std::make_unique<Server>();
  server->socket = Descriptor(ends[0]);
  Descriptor theirs(ends[1]);
  std::vector<std::string> words = options_.server;
  words.push_back(str(server_descriptor));
  try {
    server->child =
        Child::start({.command = words, .descriptors = {{theirs.get(), server_descriptor}}});
  } catch (const Error& error) {
    return "starting " + error.text();
  }
  theirs.close();
  server_ = std::move(server);
  std::string body;
  bool heard = receive_frame(server_->socket.get(), body, start_seconds);
  auto report = heard ? parse_report(body) : std::nullopt;
  if (!report) {
    stop();
    return str(words[0], " ", words.size() > 1 ? words[1] : "",
        " did not say what it can do: it must call serve_sandbox()");
  }
  server_->report = std::move(*report);
  if (options_.floor == Level::none)
    std::fprintf(stderr,
        "warning: `sandbox: none` lets code of the model do what this user may; here it is %s\n",
        name(server_->report.level));
  return "";
}

std::optional<Report> Sandbox::report() {
  if (!start().empty()) return std::nullopt;
  return server_->report;
}

int Sandbox::server_pid() {
  return start().empty() ? server_->child->pid() : 0;
}

std::vector<Outcome> Sandbox::run_all(Request request) {
  auto refused = [&](std::string why) {
    return std::vector<Outcome>(request.programs.size(), Outcome{.error = std::move(why)});
  };
  std::uint32_t wall_ms = 0;
  for (const auto& program : request.programs) wall_ms = std::max(wall_ms, program.limits.wall_ms);
  std::string bytes = encode(request);
  if (bytes.size() > frame_bytes_max) return refused("the request is too large");
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (std::string why = start(); !why.empty()) return refused(why);
    const Report& report = server_->report;
    if (report.level < options_.floor)
      return refused(str("this machine's sandbox is ", name(report.level), ", and ",
          name(options_.floor), " is asked for; missing: ", joined(report.missing),
          ". To run with less, say so: `sandbox: ", name(report.level), "`"));
    std::string body;
    bool answered = send_frame(server_->socket.get(), bytes) &&
                    receive_frame(server_->socket.get(), body,
                        static_cast<int>(wall_ms / 1000) + spare_seconds);
    auto outcomes = answered ? parse_outcomes(body) : std::nullopt;
    if (outcomes && outcomes->size() == request.programs.size()) return std::move(*outcomes);
    if (outcomes && !outcomes->empty()) return refused(outcomes->front().error);
    stop();  // and once more with a new one
  }
  return refused("the sandbox server died twice in this run");
}

Outcome Sandbox::run(Program program) {
  Request request;
  request.programs.push_back(std::move(program));
  return std::move(run_all(std::move(request)).front());
}

std::array<Outcome, 2> Sandbox::run_linked(Program first, Program second) {
  Request request;
  request.programs.push_back(std::move(first));
  request.programs.push_back(std::move(second));
  auto outcomes = run_all(std::move(request));
  return {std::move(outcomes[0]), std::move(outcomes[1])};
}

}  // namespace tramontane::sandbox
