// The program `tram` with a kind of actor and a reward of its own, built against an installed
// Tramontane:
//
//   embed run graph.yaml
//   embed run JOB.yaml --set "actors.verifier.rewards={math: 0.9, brief: 0.1}"
#include "actors/rewards/reward.h"
#include "actors/tram.h"
#include "metronome.capnp.h"
#include "runtime/config/options.h"
#include "runtime/node/kind.h"
#include "runtime/tramontane.h"

using namespace tramontane;

struct Beat {};

template <>
struct tramontane::Codec<Beat> : LocalCodec<Beat> {};

namespace {

// Logs a beat now and then, and ends after the last.
class Metronome final : public Actor {
 public:
  Metronome(std::uint32_t beats, Duration every) : left_(beats), every_(every) {
    handle(&Metronome::beat);
  }

  Task<void> start() override {
    after(every_, Beat{});
    co_return;
  }

 private:
  void beat(Beat) {
    log(Level::info, "beat", {{"left", --left_}});
    if (left_ == 0)
      finish();
    else
      after(every_, Beat{});
  }

  std::uint32_t left_;
  const Duration every_;
};

std::unique_ptr<Actor> make_metronome(const KindContext& context) {
  ReadOptions<embed::schema::Metronome> options(context.actor.options);
  return std::make_unique<Metronome>(
      options->getBeats(), std::chrono::milliseconds(options->getEvery()));
}

// A completion of at most 16 bytes is worth everything, a longer one less.
RewardResult reward_brief(const Completion& completion, const RewardSpec&, const RewardOptions&) {
  RewardResult result;
  std::size_t bytes = completion.text.size();
  result.share = bytes <= 16 ? 1.0 : 16.0 / static_cast<double>(bytes);
  result.evidence = std::to_string(bytes) + " bytes";
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  return tram_main(argc, argv,
      {.rewards = {{.name = "brief", .make = reward_of<reward_brief>}},
          .kinds = {{.name = "metronome",
              .doc = "logs a beat now and then",
              .options = OptionsSchema::of<embed::schema::Metronome>(),
              .make = make_metronome}}});
}
