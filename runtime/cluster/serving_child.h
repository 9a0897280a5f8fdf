#pragma once
// A ServingChild is a process of this program that serves connections which this one has accepted:
// whatever is said over them, and whatever that process dies of, goes past this one.
//
//   ServingChild child({.command = {"/proc/self/exe", "serve-something"}, .output = file}, log);
//   child.give(std::move(socket), first);             // never waits
//   …
//   child.stop();
//
// The other side, which has its end of a socket between the two as serving_child_socket:
//
//   auto pulse = [&] { tell_serving(from); };      // or wherever it shows that connections are
//   served while (auto connection = next_connection(from, pulse)) serve(std::move(*connection));
//
// A child that has ended is started again, with a pause in between that grows while it does not
// live for long. One that does not tell for a while that it serves is killed: it hangs. Connections
// wait meanwhile in the socket between the two, which has room for some hundred: those above are
// closed, as are those that the child had. It ends with this process.
//
// Thread rule: give() from any thread; the rest from one.

#include "runtime/base/bytes.h"
#include "runtime/base/descriptor.h"
#include "runtime/node/child.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

namespace tramontane {

class Log;

inline constexpr int serving_child_socket = 3;
inline constexpr std::size_t first_bytes_most = 4096;  // of a connection, read before it was given

class ServingChild {
 public:
  struct Pauses {
    Duration least = std::chrono::milliseconds(100);
    Duration most = std::chrono::seconds(10);
    Duration settled = std::chrono::seconds(30);  // who lived for so long is started again at once
    Duration silence =
        std::chrono::seconds(30);  // who has not told for so long that he serves is killed
  };

  // Its descriptors are set here. The log outlives it. Error(io): there is no socket to be had.
  ServingChild(ChildOptions options, Log& log, Pauses pauses);

  ServingChild(ChildOptions options, Log& log) : ServingChild(std::move(options), log, Pauses{}) {}

  ~ServingChild();
  ServingChild(const ServingChild&) = delete;
  ServingChild& operator=(const ServingChild&) = delete;

  // False, and the connection is closed, if too many wait already. `first` is not empty.
  bool give(Descriptor socket, ByteView first);

  // Ends it. May be called again.
  void stop();

 private:
  void keep();
  // False: it is to stop.
  bool wait(Duration limit) const;
  enum class Watched { stop, ended, silent };
  Watched watch(const Child& child) const;

  const ChildOptions options_;
  Log& log_;
  const Pauses pauses_;
  Descriptor ours_;
  Descriptor theirs_;  // of this child and the next
  Descriptor stop_;    // readable once it is to stop
  std::atomic<bool> told_full_{false};
  std::thread keeper_;
};

struct GivenConnection {
  Descriptor socket;
  Bytes first;  // what was read of it
};

// The next connection, waited for; nothing once nobody gives any more. `pulse` is called about once
// a second. Any thread, one at a time.
std::optional<GivenConnection> next_connection(
    const Descriptor& from, const std::function<void()>& pulse);

// Tells who gives the connections that they are served. Never waits; any thread.
void tell_serving(const Descriptor& to);

}  // namespace tramontane
