#include "actors/job/places.h"

#include "runtime/base/check.h"
#include "runtime/base/names.h"

#include <algorithm>
#include <cmath>

namespace tramontane {
namespace {

// Those of a job whose actors may have processes of their own, and the driver's.
const std::vector<std::string> roles = {
    "generator", "verifier", "trainer", "evaluator", "ledger", "driver"};

std::string text_of(capnp::Text::Reader text) {
  return {text.begin(), text.end()};
}

class PlaceReader {
 public:
  PlaceReader(LoadedConfig& config, std::string role)
      : config_(config), path_(str("actors.", role, ".place")), group_{.name = std::move(role)} {}

  JobGroup read(schema::Place::Reader place) {
    group_.need = {.cpu_milli = std::llround(place.getCpus() * 1000),
        .memory_bytes = std::llround(place.getMemoryGigabytes() * 1e9),
        .gpu_milli = gpus(place.getGpus())};
    group_.strategy = static_cast<Strategy>(place.getStrategy());
    group_.needs_labels = labels(place.getNeeds());
    group_.prefers_labels = labels(place.getPrefers());
    group_.near = others("near", place.getNear());
    group_.apart = others("apart", place.getApart());
    return std::move(group_);
  }

 private:
  std::int32_t gpus(double wanted) {
    auto milli = static_cast<std::int32_t>(std::lround(wanted * whole_gpu_milli));
    bool share = wanted > 0 && wanted < 1 && milli > 0;
    if (wanted != 0 && !share && wanted != std::floor(wanted))
      config_.complain(
          path_ + ".gpus", "expected whole GPUs, or a share of one below 1 (from 0.001)");
    return milli;
  }

  static std::vector<Label> labels(capnp::List<schema::Label>::Reader in) {
    std::vector<Label> labels;
    for (auto label : in) labels.push_back({text_of(label.getName()), text_of(label.getValue())});
    return labels;
  }

  std::vector<std::string> others(const char* key, capnp::List<capnp::Text>::Reader in) {
    std::vector<std::string> names;
    for (auto each : in) {
      std::string role = text_of(each);
      if (std::find(roles.begin(), roles.end(), role) == roles.end())
        config_.complain(str(path_, ".", key), unknown_name("role", role, roles));
      else if (role == group_.name && std::string(key) == "near")
        config_.complain(
            str(path_, ".", key), "expected other roles: strategy says how those of one lie");
      else
        names.push_back(std::move(role));
    }
    return names;
  }

  LoadedConfig& config_;
  const std::string path_;
  JobGroup group_;
};

bool says_anything(const JobGroup& group) {
  return group.need != Need{} || group.strategy != Strategy::by_work ||
         !group.needs_labels.empty() || !group.prefers_labels.empty() || !group.near.empty() ||
         !group.apart.empty();
}

}  // namespace

std::vector<JobGroup> read_places(schema::Actors::Reader actors, LoadedConfig& config) {
  std::vector<JobGroup> places = {
      PlaceReader(config, "generator").read(actors.getGenerator().getPlace()),
      PlaceReader(config, "verifier").read(actors.getVerifier().getPlace()),
      PlaceReader(config, "trainer").read(actors.getTrainer().getPlace()),
      PlaceReader(config, "evaluator").read(actors.getEvaluator().getPlace()),
      PlaceReader(config, "ledger").read(actors.getLedger().getPlace())};
  std::erase_if(places, [](const JobGroup& group) { return !says_anything(group); });
  return places;
}

const JobGroup* place_of(const std::vector<JobGroup>& places, const std::string& role) {
  auto found = std::find_if(
      places.begin(), places.end(), [&](const JobGroup& group) { return group.name == role; });
  return found == places.end() ? nullptr : &*found;
}

}  // namespace tramontane
