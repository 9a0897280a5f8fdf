#include "actors/rewards/line_process.h"

#include "runtime/base/check.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t line_max = 16 << 20;
constexpr std::size_t errors_kept = 2000;

constexpr Duration end_deadline = std::chrono::milliseconds(100);

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
      throw Error(Errc::io, str("no pipe: ", std::strerror(errno)));
    read = Descriptor(ends[0]);
    write = Descriptor(ends[1]);
  }

  Descriptor read;
  Descriptor write;
};

Descriptor keep(Descriptor& descriptor) {
  ::fcntl(descriptor.get(), F_SETFL, O_NONBLOCK);
  return std::move(descriptor);
}

// EPIPE where nobody reads any more, whatever the program has SIGPIPE do.
ssize_t write_some(int pipe, std::string_view text) {
  sigset_t broken, before;
  sigemptyset(&broken);
  sigaddset(&broken, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken, &before);
  ssize_t written = ::write(pipe, text.data(), text.size());
  int error = errno;
  timespec at_once{};
  if (written < 0 && error == EPIPE) sigtimedwait(&broken, nullptr, &at_once);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return written;
}

std::string how_it_ended(const ChildEnd& end) {
  if (end.signalled) return str("was killed by signal ", end.signal);
  return end.text();
}

}  // namespace

LineProcess::LineProcess(std::vector<std::string> command) : command_(std::move(command)) {
  if (command_.empty()) throw Error(Errc::bad_input, "no command: name a program to run");
}

LineProcess::~LineProcess() {
  stop();
}

void LineProcess::start() {
  Pipe in, out, err;
  child_ = Child::start({.command = command_,
      .descriptors = {{in.read.get(), STDIN_FILENO}, {out.write.get(), STDOUT_FILENO},
          {err.write.get(), STDERR_FILENO}},
      .whole_environment = true,
      .foreign = true});
  in_ = keep(in.write);
  out_ = keep(out.read);
  err_ = keep(err.read);
  read_.clear();
  errors_.clear();
  ++started_;
}

void LineProcess::stop() {
  child_.reset();  // kills it
  for (Descriptor* descriptor : {&in_, &out_, &err_}) descriptor->close();
}

void LineProcess::fail(Errc code, const std::string& what) {
  keep_errors();
  std::string text = str(command_[0], " ", what);
  if (code == Errc::failed) {
    // It closed its output: it is about to be over, if it is not already.
    if (auto end = child_->wait(end_deadline)) text = str(command_[0], " ", how_it_ended(*end));
  }
  keep_errors();
  stop();
  while (!errors_.empty() && errors_.back() == '\n') errors_.pop_back();
  if (!errors_.empty()) text += "; it said: " + errors_;
  throw Error(code, text);
}

void LineProcess::keep_errors() {
  char block[1024];
  for (ssize_t got = 0; (got = ::read(err_.get(), block, sizeof block)) > 0;) {
    errors_.append(block, static_cast<std::size_t>(got));
    if (errors_.size() > errors_kept) errors_.erase(0, errors_.size() - errors_kept);
  }
}

short LineProcess::wait(short wanted, int descriptor, Time deadline) {
  while (true) {
    auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
    if (left.count() < 0) return 0;
    pollfd ready[2] = {{descriptor, wanted, 0}, {err_.get(), POLLIN, 0}};
    // Once its standard error is closed, polling it would return at once.
    int found = ::poll(ready, 2, static_cast<int>(std::min<std::int64_t>(left.count() + 1, 60000)));
    if (found < 0 && errno != EINTR) return 0;
    if (found <= 0) continue;
    if ((ready[1].revents & POLLIN) != 0) keep_errors();
    if (ready[0].revents != 0) return ready[0].revents;
    if ((ready[1].revents & POLLHUP) != 0) ::poll(nullptr, 0, 5);
  }
}

void LineProcess::send(const std::string& line, Time deadline) {
  std::string_view rest = line;
  while (true) {
    ssize_t written = write_some(in_.get(), rest);
    if (written > 0)
      rest.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EAGAIN && errno != EINTR)
      fail(Errc::failed, "closed its standard input");
    if (rest.empty()) return;
    // Its pipe is full.
    short ready = wait(POLLOUT, in_.get(), deadline);
    if (ready == 0) fail(Errc::timeout, "did not read its request in time");
    if ((ready & POLLERR) != 0) fail(Errc::failed, "closed its standard input");
  }
}

std::string LineProcess::receive(Time deadline) {
  std::size_t looked_at = 0;
  while (true) {
    auto end = read_.find('\n', looked_at);
    if (end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    looked_at = read_.size();
    if (read_.size() > line_max) fail(Errc::failed, "answered with a line without end");
    if (wait(POLLIN, out_.get(), deadline) == 0) fail(Errc::timeout, "did not answer in time");
    char block[65536];
    ssize_t got = ::read(out_.get(), block, sizeof block);
    if (got > 0)
      read_.append(block, static_cast<std::size_t>(got));
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
      fail(Errc::failed, "closed its standard output");
  }
}

std::string LineProcess::ask(const std::string& line, std::chrono::milliseconds deadline) {
  TRAM_CHECK(line.find('\n') == std::string::npos, "a request is one line");
  if (!child_) start();  // which takes the machine's time, not the program's
  Time end = steady_clock::now() + deadline;
  send(line + "\n", end);
  return receive(end);
}

}  // namespace tramontane
