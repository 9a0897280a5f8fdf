#include "actors/run/run_keeper.h"

#include "actors/messages/codecs.h"
#include "runtime/actor/system.h"

#include <chrono>
#include <tuple>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration repeat_every = 1s;
constexpr Duration patience = 60s;

}  // namespace

RunKeeper::RunKeeper(std::function<void(RunOutcome)> done, std::string trainer)
    : done_(std::move(done)), trainer_(std::move(trainer)) {
  handle(&RunKeeper::ended);
  handle(&RunKeeper::finish);
  handle(&RunKeeper::tick);
}

void RunKeeper::ended(RunEnded message) {
  done_({static_cast<RunOutcome::How>(message.how), message.reason, message.version,
      message.fingerprint, static_cast<Errc>(message.code)});
}

void RunKeeper::finish(FinishRun request) {
  reason_ = request.reason;
  tick({});
}

// Again and again: a trainer that is started anew meanwhile has not heard it.
void RunKeeper::tick(Tick) {
  if (auto trainer = system().find(trainer_)) std::ignore = try_send(*trainer, FinishRun{reason_});
  after(repeat_every, Tick{});
}

void tell_end(System& system, const ActorRef& run, const RunOutcome& outcome) {
  RunEnded message{static_cast<std::uint8_t>(outcome.how), outcome.reason, outcome.version,
      outcome.fingerprint, static_cast<std::uint8_t>(outcome.code)};
  std::ignore = system.ask(run, std::move(message), patience);
}

}  // namespace tramontane
