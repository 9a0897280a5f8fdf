#pragma once
// The ActorsFile keeps RUN/actors.json: what every actor of the run does now, or did last, for
// whoever looks at the run's directory from another process, while the run goes on and after it.
//
//   ActorsFile file({.path = run + "/actors.json", .graph = &graph, .clock = &clock,
//       .actors = [&] { return system.actors(); }});
//   …
//   file.stop();              // what they did last is kept, and the run still goes on
//
//   {"written": 1767225600000000, "ended": false, "pid": 4711, "pid_started": 812736,
//    "boot": "6d3c…", "node": "box", "more": 0, "actors": [{"name", "kind", "worker", "pid",
//    "state", "waiting_for", "since", "busy", "mailbox", "mailbox_limit", "mailbox_bytes",
//    "mailbox_bytes_limit", "senders_waiting", "oldest_since", "handled", "last_handler",
//    "unhandled", "failed", "restarts", "incarnation", "tokens_per_s", "asks", "messages_from",
//    "notes"}]}
//
// All actors of the graph are there: "building" before their first life, "dead" when nobody tells
// of them any more, which for one whose worker was killed lasts until its successor is there.
//
// Times are microseconds since 1970. Who reads it sees one whole snapshot or the other, knows by
// pid, pid_started and boot whether the process that wrote it still runs (runtime/base/
// process_mark.h), and by "ended" whether it came to the run's end. It is written on a thread of
// its own, at most once a second, less often where that would take more than a fiftieth of a core,
// and not at all while nothing changes. A disk that is full costs the snapshot only.
//
// Thread rule: made, stopped and destroyed by one thread.

#include "runtime/actor/actor_status.h"
#include "runtime/base/clock.h"
#include "runtime/node/graph.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tramontane {

class ActorsFile {
 public:
  struct Options {
    std::string path;
    const Graph* graph = nullptr;                      // who asks whom, and who is where
    const Clock* clock = nullptr;                      // outlives it
    std::function<std::vector<ActorStatus>()> actors;  // from any thread, until stop()
    Duration every = std::chrono::seconds(1);
    std::size_t actors_most = 10'000;  // of others there is only the number
  };

  explicit ActorsFile(Options options);
  // Says that the run has ended.
  ~ActorsFile();
  ActorsFile(const ActorsFile&) = delete;
  ActorsFile& operator=(const ActorsFile&) = delete;

  // Writes what they do now, and nothing more of them.
  void stop();

  // Says that this process works on the run now, before there is an actor.
  static void announce(const std::string& path, const Clock& clock);

 private:
  struct Written {
    Time at{};
    double tokens = 0;
    double per_second = -1;
  };

  void serve();
  void look();
  boost::json::object row_of(const ActorStatus& status);
  // Of the graph's, whom nobody tells of now: not yet, or between two lives of their worker.
  void add_missing();
  double tokens_per_second(const ActorStatus& status);

  Micros wall_of(Time time) const { return micros(time) + wall_offset_; }

  bool write(bool ended) const;

  const Options options_;
  std::map<std::string, const GraphActor*> planned_;
  const Micros wall_offset_;  // from Time to wall, taken once, so that a time is always the same
  std::map<std::string, Written> rates_;
  std::map<ActorId, std::string> names_;
  boost::json::array rows_;
  std::map<std::string, boost::json::object> known_;  // the last row of each of the graph's
  std::size_t more_ = 0;
  std::string last_;  // the rows as they were last written
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tramontane
