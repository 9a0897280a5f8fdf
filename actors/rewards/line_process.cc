#include "actors/rewards/line_process.h"

#include "runtime/base/check.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace tramontane {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t line_max = 16 << 20;
constexpr std::size_t errors_kept = 2000;

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
      throw Error(Errc::io, str("no pipe: ", std::strerror(errno)));
    read = ends[0];
    write = ends[1];
  }

  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  ~Pipe() {
    if (read >= 0) ::close(read);
    if (write >= 0) ::close(write);
  }

  int read = -1;
  int write = -1;
};

int keep(int& descriptor) {
  ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
  return std::exchange(descriptor, -1);
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return str("was killed by signal ", WTERMSIG(status));
  return str("ended with status ", WEXITSTATUS(status));
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
  std::vector<char*> arguments;
  for (const auto& word : command_) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in.read, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out.write, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, err.write, STDERR_FILENO);
  pid_t child = -1;
  int code = ::posix_spawnp(&child, arguments[0], &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (code != 0) throw Error(Errc::failed, str(command_[0], ": ", std::strerror(code)));
  child_ = child;
  in_ = keep(in.write);
  out_ = keep(out.read);
  err_ = keep(err.read);
  read_.clear();
  errors_.clear();
  ++started_;
}

void LineProcess::stop() {
  if (child_ < 0) return;
  for (int* descriptor : {&in_, &out_, &err_}) ::close(std::exchange(*descriptor, -1));
  ::kill(child_, SIGKILL);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
}

void LineProcess::fail(Errc code, const std::string& what) {
  keep_errors();
  std::string text = str(command_[0], " ", what);
  int status = 0;
  if (code == Errc::failed) {
    // It closed its output: it is about to be over, if it is not already.
    for (int look = 0; look < 50; ++look) {
      if (::waitpid(child_, &status, WNOHANG) == child_) {
        text = str(command_[0], " ", how_it_ended(status));
        child_ = -1;
        for (int* descriptor : {&in_, &out_}) ::close(std::exchange(*descriptor, -1));
        keep_errors();
        ::close(std::exchange(err_, -1));
        break;
      }
      ::poll(nullptr, 0, 2);
    }
  }
  stop();
  while (!errors_.empty() && errors_.back() == '\n') errors_.pop_back();
  if (!errors_.empty()) text += "; it said: " + errors_;
  throw Error(code, text);
}

void LineProcess::keep_errors() {
  char block[1024];
  for (ssize_t got = 0; (got = ::read(err_, block, sizeof block)) > 0;) {
    errors_.append(block, static_cast<std::size_t>(got));
    if (errors_.size() > errors_kept) errors_.erase(0, errors_.size() - errors_kept);
  }
}

short LineProcess::wait(short wanted, int descriptor, Time deadline) {
  while (true) {
    auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
    if (left.count() < 0) return 0;
    pollfd ready[2] = {{descriptor, wanted, 0}, {err_, POLLIN, 0}};
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
  while (!rest.empty()) {
    short ready = wait(POLLOUT, in_, deadline);
    if (ready == 0) fail(Errc::timeout, "did not read its request in time");
    if ((ready & POLLERR) != 0) fail(Errc::failed, "closed its standard input");
    ssize_t written = ::write(in_, rest.data(), rest.size());
    if (written > 0)
      rest.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EAGAIN && errno != EINTR)
      fail(Errc::failed, "closed its standard input");
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
    if (wait(POLLIN, out_, deadline) == 0) fail(Errc::timeout, "did not answer in time");
    char block[65536];
    ssize_t got = ::read(out_, block, sizeof block);
    if (got > 0)
      read_.append(block, static_cast<std::size_t>(got));
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
      fail(Errc::failed, "closed its standard output");
  }
}

std::string LineProcess::ask(const std::string& line, std::chrono::milliseconds deadline) {
  TRAM_CHECK(line.find('\n') == std::string::npos, "a request is one line");
  Time end = steady_clock::now() + deadline;
  if (child_ < 0) start();
  send(line + "\n", end);
  return receive(end);
}

}  // namespace tramontane
