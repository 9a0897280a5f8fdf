#include "actors/rewards/maths/process.h"

#include "actors/rewards/maths/wire.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace tramontane {

namespace {

using namespace tramontane::maths;
using std::chrono::steady_clock;

// Of another process, in seconds; 0 if there is none.
double processor_time(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (pid < 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0)
    return 0;
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

Comparison undecided(std::string why) {
  Comparison out;
  out.how = std::move(why);
  return out;
}

}  // namespace

MathsClient::MathsClient(MathsClientOptions options) : options_(std::move(options)) {}

MathsClient::~MathsClient() {
  stop();
}

bool MathsClient::start() {
  if (child_) return true;
  int ends[2];
  if (options_.command.empty() || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    why_ = options_.command.empty() ? "no command" : std::strerror(errno);
    return false;
  }
  Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  try {
    child_ = Child::start({.command = options_.command,
        .descriptors = {{theirs.get(), STDIN_FILENO}, {theirs.get(), STDOUT_FILENO}}});
  } catch (const Error& error) {
    why_ = error.text();
    return false;
  }
  socket_ = std::move(ours);
  ++started_;
  // A first comparison, so that the deadline of the next one does not pay for the start.
  Comparison reply;
  Request hello{{}, "0", "0"};
  Time deadline = steady_clock::now() + options_.start_deadline;
  if (exchange(encode(hello), deadline, reply) == Exchange::done) return true;
  why_ = options_.command[0] + " does not answer";
  stop();
  return false;
}

void MathsClient::stop() {
  socket_.close();
  child_.reset();  // kills it
}

Comparison MathsClient::compare(const GoldAnswer& gold, std::string_view answer) {
  Comparison result;
  if (gold.compare_quickly(answer, result)) return result;
  std::string frame = encode(Request{gold.options(), gold.text(), std::string(answer)});
  // A child may have died between two requests, through no fault of this one: one more try.
  for (int tries = 0; tries < 2; ++tries) {
    if (!start()) return undecided("cannot start the maths process: " + why_);
    double before = processor_time(child());
    Time deadline = steady_clock::now() + options_.deadline;
    switch (exchange(frame, deadline, result)) {
      case Exchange::done:
        return result;
      case Exchange::late: {
        ++timed_out_;
        bool busy = !spent(before);
        stop();
        return failed(
            gold, !busy, "time-out after " + std::to_string(options_.deadline.count()) + " ms");
      }
      case Exchange::broken:
        stop();
    }
  }
  ++crashed_;
  return failed(gold, true, "the maths process crashed");
}

// Whether the child has worked for most of the deadline, and not waited for a processor.
bool MathsClient::spent(double before) const {
  double seconds = std::chrono::duration<double>(options_.deadline).count();
  return processor_time(child()) - before > 0.6 * seconds;
}

Comparison MathsClient::failed(const GoldAnswer& gold, bool at_answer, std::string why) {
  Comparison reply;
  bool alone = at_answer && start() &&
               exchange(encode(Request{gold.options(), gold.text(), {}}),
                   steady_clock::now() + options_.deadline, reply) == Exchange::done;
  if (!alone) {
    stop();
    return undecided(std::move(why));
  }
  if (reply.outcome != Outcome::equal) return undecided(why + ", and " + reply.how);
  reply.outcome = Outcome::different;
  reply.how = why + " on the answer, while the gold answer can be evaluated";
  return reply;
}

MathsClient::Exchange MathsClient::exchange(
    const std::string& frame, Time deadline, Comparison& reply) {
  Exchange said = send_all(frame, deadline);
  std::string bytes;
  if (said == Exchange::done) said = receive(4, deadline, bytes);
  if (said != Exchange::done) return said;
  auto length = frame_length(bytes);
  if (!length) return Exchange::broken;
  said = receive(*length, deadline, bytes);
  if (said != Exchange::done) return said;
  auto decoded = decode_reply(bytes);
  if (!decoded) return Exchange::broken;
  reply = std::move(*decoded);
  return Exchange::done;
}

MathsClient::Exchange MathsClient::wait_for(short events, Time deadline) {
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) return Exchange::late;
    pollfd waiting{socket_.get(), events, 0};
    int ready = poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready > 0) return Exchange::done;
    if (ready < 0 && errno != EINTR) return Exchange::broken;
  }
}

MathsClient::Exchange MathsClient::send_all(std::string_view bytes, Time deadline) {
  while (!bytes.empty()) {
    Exchange ready = wait_for(POLLOUT, deadline);
    if (ready != Exchange::done) return ready;
    ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return Exchange::broken;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return Exchange::done;
}

MathsClient::Exchange MathsClient::receive(std::size_t bytes, Time deadline, std::string& out) {
  out.resize(bytes);
  std::size_t have = 0;
  while (have < bytes) {
    Exchange ready = wait_for(POLLIN, deadline);
    if (ready != Exchange::done) return ready;
    ssize_t got = recv(socket_.get(), out.data() + have, bytes - have, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return Exchange::broken;
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return Exchange::done;
}

}  // namespace tramontane
