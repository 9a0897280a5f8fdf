#pragma once
// The symbolic stage with a deadline: a child process, kept warm, that is killed when it is late.
//
//   // In the parent, one for each thread that compares:
//   MathsClient client({.command = {"/proc/self/exe", "serve-maths"}});
//   Comparison said = client.compare(gold, answer);
//
//   // In the child's main():
//   return serve_maths(0, 1, {});
//
// Comparisons that texts, numbers and exact fractions decide never leave the caller's thread.

#include "actors/rewards/maths/maths.h"
#include "runtime/base/descriptor.h"
#include "runtime/node/child.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace tramontane {

struct MathsClientOptions {
  // The program to execute and its arguments. It must call serve_maths(0, 1, …).
  std::vector<std::string> command;
  // From sending a request to its reply. The start of a child has its own, below.
  std::chrono::milliseconds deadline{2000};
  std::chrono::milliseconds start_deadline{10000};
};

// Owns the child: starts it at the first comparison that needs it, or with start(); kills it with
// itself, or when a reply is late, and starts another for the next comparison.
//
// Blocks for up to the deadline. One thread at a time. The child dies with this process, if not
// before.
class MathsClient {
 public:
  explicit MathsClient(MathsClientOptions options);
  MathsClient(const MathsClient&) = delete;
  MathsClient& operator=(const MathsClient&) = delete;
  ~MathsClient();

  // Where the child fails at the answer, but not at the gold answer alone, the answer is
  // `different`; else `undecided`, with "time-out", "crashed" or "cannot start" in `how`. A child
  // that was late because the machine was busy has not failed at the answer.
  Comparison compare(const GoldAnswer& gold, std::string_view answer);

  // Starts the child, so that the first comparison does not pay for it. False if it cannot.
  bool start();

  std::uint64_t started() const { return started_; }

  std::uint64_t timed_out() const { return timed_out_; }

  std::uint64_t crashed() const { return crashed_; }

  pid_t child() const { return child_ ? child_->pid() : -1; }  // -1 if there is none

 private:
  enum class Exchange : std::uint8_t { done, late, broken };
  using Time = std::chrono::steady_clock::time_point;

  Exchange exchange(const std::string& frame, Time deadline, Comparison& reply);
  Comparison failed(const GoldAnswer& gold, bool at_answer, std::string why);
  bool spent(double before) const;
  Exchange send_all(std::string_view bytes, Time deadline);
  Exchange receive(std::size_t bytes, Time deadline, std::string& out);
  Exchange wait_for(short events, Time deadline);
  void stop();

  MathsClientOptions options_;
  std::optional<Child> child_;
  Descriptor socket_;
  std::string why_;  // the last start failed
  std::uint64_t started_ = 0;
  std::uint64_t timed_out_ = 0;
  std::uint64_t crashed_ = 0;
};

using CompareFunction = Comparison (*)(
    std::string_view gold, std::string_view answer, const CompareOptions& options);

struct ServeOptions {
  // Above what the process has mapped when it starts; 0 for no limit.
  std::uint64_t memory_bytes_max = std::uint64_t{1} << 30;
  CompareFunction compare = &compare_answers;
};

// Answers requests until the other end closes. Dies with its parent (runtime/node/parent.h). The
// process's exit status: 0 at the end of the requests, 1 for one that made no sense.
int serve_maths(int in_fd, int out_fd, const ServeOptions& options);

}  // namespace tramontane
