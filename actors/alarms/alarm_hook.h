#pragma once
// The hook of alarms runs a command of the user's whenever an alarm of a rule begins or ends, with
// its event as one line of JSON to read (alarm_watch.h).
//
//   auto hook = alarm_hook({.command = job.alarms.command, .folder = run, .log = &log});
//   hook->event(alarm);    // returns at once
//   hook->close();         // what waits is still run, for 10 s at most
//
// One runs at a time, from the folder of this process, with its whole environment but for tokens,
// and TRAM_RUN, TRAM_ALARM (the rule), TRAM_ALARM_STATE ("begins", "over"). What it prints goes to
// RUN/alarm_command.log until that has 1 MB. It is killed after its deadline. Where it fails, the
// log says so. At most `waiting_most` wait, and `runs_most` are run; what is left out is counted in
// the log.
//
// Thread rule: an EventSink's. A thread of its own starts the command.

#include "actors/messages/run_event.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"

#include <memory>
#include <string>
#include <vector>

namespace tramontane {

struct AlarmHookOptions {
  std::vector<std::string> command;
  std::string folder;  // of the run
  Log* log = nullptr;  // outlives it
  Duration deadline = std::chrono::seconds(10);
  std::size_t waiting_most = 16;
  std::size_t runs_most = 200;
};

// Null where there is no command.
std::unique_ptr<EventSink> alarm_hook(AlarmHookOptions options);

}  // namespace tramontane
